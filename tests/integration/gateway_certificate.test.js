// The end of the gateway's certificate: said in time, in the log, by doctor and by a gauge.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Gateway, keyed } from './lib/gateway.js';
import { Home, toml } from './lib/handover.js';
import { Page } from './lib/metrics.js';
import { deadPort } from './lib/loopback.js';

const folder = mkdtempSync(join(tmpdir(), 'handover-certificate-'));
const path = (name) => join(folder, name);
const DAY = 24 * 3600; // s
const now = Math.floor(Date.now() / 1000);

const openssl = (...args) => execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'], cwd: folder });
const utc = (time) => `${new Date(time * 1000).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`;

// NAME.pem and NAME.key for 127.0.0.1, which sign themselves, valid between two days from now. `openssl ca` can say from when on.
function certificate(name, from, until) {
  openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`, '-subj', '/CN=127.0.0.1',
    '-addext', 'subjectAltName=IP:127.0.0.1', '-out', `${name}.csr`);
  writeFileSync(path('index.txt'), '');
  openssl('ca', '-batch', '-config', 'ca.conf', '-selfsign', '-keyfile', `${name}.key`, '-in', `${name}.csr`, '-notext',
    '-startdate', utc(now + from * DAY), '-enddate', utc(now + until * DAY), '-out', `${name}.pem`);
}

before(() => {
  writeFileSync(path('ca.conf'), `[ca]
default_ca = own
[own]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = names
copy_extensions = copy
[names]
commonName = supplied
`);
  certificate('long', -1, 89);
  certificate('late', -80, 10);
});
after(() => rmSync(folder, { recursive: true, force: true }));

// A home whose gateway has NAME's certificate, and a way to put another one there.
async function homeWith(t, name) {
  const put = (other, key = other) => {
    for (const [from, to] of [[`${other}.pem`, 'gateway.pem'], [`${key}.key`, 'gateway.key']]) copyFileSync(path(from), home.path(to));
    chmodSync(home.path('gateway.key'), 0o600);
  };
  const home = new Home({ environment: { GATEWAY_TEST_KEY: 'sandbox-key-certificate' } });
  t.after(() => home.close());
  home.setConfig(toml({
    '': { default_provider: 'mine' }, serve: { tls_certificate: home.path('gateway.pem'), tls_key: home.path('gateway.key') },
    ...keyed('mine', `http://127.0.0.1:${await deadPort()}/v1`, ['chat_completions']),
  }));
  put(name);
  return { home, put };
}

async function end(gateway) {
  const page = await new Promise((resolve, reject) => {
    request(`${gateway.url}/metrics`, { agent: false, rejectUnauthorized: false, headers: { authorization: `Bearer ${gateway.key}` } }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece) => { text += piece; }).on('end', () => resolve(new Page(text)));
    }).on('error', reject).end();
  });
  return page.value('handover_tls_certificate_expiry_timestamp_seconds');
}

async function examined(home) {
  const run = await home.run(['doctor', '--json'], { quiet: true });
  return JSON.parse(run.stdout).rows.find((row) => row.area === 'gateway' && row.subject === 'certificate');
}

const REMINDER = /the certificate in \[serve\] tls_certificate expires in (10 d 0 h|9 d 23 h), at \S+Z; put the renewed one there/g;

test('a certificate that should have been renewed is warned of at the start and at a reload, until it is', async (t) => {
  const { home, put } = await homeWith(t, 'late');
  const gateway = await Gateway.start(home);
  const said = async (n) => {
    await gateway.run.until(new RegExp(`(${REMINDER.source}[^]*){${n}}`));
    assert.equal(gateway.run.stderr.match(REMINDER).length, n);
  };
  await said(1);
  assert.equal(await end(gateway), now + 10 * DAY);
  gateway.run.kill('SIGHUP');
  await gateway.run.until(/the config is reloaded/);
  await said(2);
  put('long');
  gateway.run.kill('SIGHUP');
  await gateway.run.until(/the config is reloaded[^]*the config is reloaded/);
  assert.equal(await end(gateway), now + 89 * DAY);
  await said(2);
});

test('a gateway without TLS has no such end', async (t) => {
  const { home } = await homeWith(t, 'late');
  home.setConfig(toml({ '': { default_provider: 'mine' }, ...keyed('mine', `http://127.0.0.1:${await deadPort()}/v1`, ['chat_completions']) }));
  const gateway = await Gateway.start(home);
  const page = new Page(await (await gateway.fetch('/metrics')).text());
  assert.deepEqual(page.of('handover_tls_certificate_expiry_timestamp_seconds'), {});
  assert.equal(await examined(home), undefined);
});

test('doctor looks at the certificate as serve does', async (t) => {
  const { home, put } = await homeWith(t, 'long');
  const fine = await examined(home);
  assert.equal(fine.state, 'ok', JSON.stringify(fine));
  assert.match(fine.measured, /gateway\.pem expires in (89 d|88 d 23 h), at \S+Z$/);
  put('late');
  const late = await examined(home);
  assert.equal(late.state, 'warning', JSON.stringify(late));
  assert.match(late.measured, /expires in (10 d 0 h|9 d 23 h)/);
  assert.match(late.fix, /reload/);
  put('long', 'late');
  const wrong = await examined(home);
  assert.deepEqual([wrong.state, wrong.code], ['problem', 'CONFIG_INVALID'], JSON.stringify(wrong));
  assert.match(wrong.measured, /does not belong to the certificate/);
  put('late');
  chmodSync(home.path('gateway.key'), 0o644);
  const open = await examined(home);
  assert.deepEqual([open.state, open.code], ['problem', 'CONFIG_INVALID'], JSON.stringify(open));
});
