// doctor against real files, ports and servers: it finds what is wrong, and changes nothing.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { Home, toml } from './lib/handover.js';
import { deadPort, listen, occupiedPort } from './lib/loopback.js';
import { Record } from './lib/record.js';
import { loggedIn } from './lib/scene.js';

// Every path below a folder with all that could change.
function tree(folder, below = '') {
  return readdirSync(join(folder, below)).sort().flatMap((name) => {
    const path = join(below, name);
    const { mode, size, mtimeNs, ino, ctimeNs } = lstatSync(join(folder, path), { bigint: true });
    const isFolder = (mode & 0o170000n) === 0o040000n;
    const contents = isFolder ? '' : createHash('sha256').update(readFileSync(join(folder, path))).digest('hex');
    return [`${path} ${mode.toString(8)} ${size} ${mtimeNs} ${ctimeNs} ${ino} ${contents}`, ...(isFolder ? tree(folder, path) : [])];
  });
}

// The rows by "area/subject", and the run. The tree is compared on every run of these tests.
async function examine(home, options = {}) {
  const before = tree(home.dir);
  const run = await home.run(['doctor', '--json'], { quiet: true, ...options });
  assert.deepEqual(tree(home.dir), before, 'doctor changed something');
  const report = JSON.parse(run.stdout);
  const find = (area, subject) => report.rows.find((row) => row.area === area && row.subject === subject);
  const states = (state) => report.rows.filter((row) => row.state === state);
  return { run, report, find, problems: states('problem'), warnings: states('warning') };
}

const show = ({ run }) => String(run);

test('nothing is wrong with an empty machine, and none of its folders is made', async (t) => {
  const home = new Home();
  t.after(() => home.close());
  home.environment.HANDOVER_HOME = home.path('not', 'there');
  const seen = await examine(home);
  assert.equal(seen.run.code, 0, show(seen));
  assert.deepEqual(seen.problems, []);
  assert.ok(!existsSync(home.path('not')));
  assert.equal(seen.find('network', 'servers').state, 'skipped');
  assert.match(seen.find('folders', 'credentials').measured, /made when it is needed/);
  assert.equal(seen.find('locks', 'credentials').state, 'ok');
});

test('a login in use: servers are asked without a credential, and their time is compared', async (t) => {
  const { world, home } = await loggedIn(t, 'oidc-provider');
  const seen = await examine(home);
  assert.equal(seen.run.code, 0, show(seen));
  assert.deepEqual(seen.problems, []);
  assert.equal(seen.find('credentials', 'company').state, 'ok');
  assert.equal(seen.find('credentials', 'company lease').measured, 'free');
  assert.equal(seen.find('login ports', 'company login').state, 'ok');
  assert.equal(seen.find('network', 'clock').state, 'ok');
  const [asked] = world.models.record.where({ method: 'HEAD' });
  assert.equal(asked.authorization, null);
  assert.ok(!JSON.stringify(asked.headers).includes(home.credential('company').access_token));

  await world.stopAuthority();
  const after = await examine(home);
  assert.equal(after.run.code, 5, show(after));
  assert.deepEqual(after.problems.map((row) => [row.area, row.code]), [['network', 'PROVIDER_UNAVAILABLE']]);
  assert.match(after.problems[0].measured, /logins of company/);
});

test('a clock that differs from the server’s', async (t) => {
  const record = new Record();
  const server = await listen(async (request, answer) => {
    record.add({ method: request.method });
    answer.sendDate = false;
    answer.setHeader('date', new Date(Date.now() - 3600e3).toUTCString());
    answer.end();
  });
  t.after(() => server.close());
  const home = keyHome(t, server.origin);
  const seen = await examine(home);
  assert.equal(seen.run.code, 4, show(seen));
  assert.match(seen.find('network', 'clock').measured, /^1 h .*ahead|^(59|60) min ahead|^1 h ahead/);
  assert.deepEqual(record.entries.map((entry) => entry.method), ['HEAD']);
});

test('servers that hang are not waited for one after the other', async (t) => {
  const servers = await Promise.all([1, 2, 3].map(() => listen(() => new Promise(() => {}))));
  t.after(() => Promise.all(servers.map((server) => server.close())));
  const tables = {};
  servers.forEach((server, i) => { tables[`providers.p${i}`] = { plugin: 'openai', base_url: server.origin, dialects: ['responses'] }; });
  const home = new Home({ config: toml(tables) });
  t.after(() => home.close());
  const begun = Date.now();
  const seen = await examine(home);
  assert.ok(Date.now() - begun < 16000, 'they were asked in a row');
  assert.equal(seen.run.code, 5, show(seen));
  assert.equal(seen.problems.length, 3);
});

test('what is wrong with files is said and left', async (t) => {
  const home = new Home();
  t.after(() => home.close());
  const login = (more) => ({ version: 1, provider: 'openai', account: 'default', method: 'api-key', api_key: 'sandbox-key-for-the-doctor', ...more });
  home.writeCredential('openai', login({}));
  chmodSync(home.credentialFile('openai'), 0o644);
  home.writeCredential('openai', '{"version": 1', 'damaged');
  home.writeCredential('gone', login({ provider: 'gone' }));
  writeFileSync(home.path('credentials', 'gone@default.journal'), '{}', { mode: 0o600 });
  writeFileSync(home.path('credentials', 'openai@default.json.corrupt-20261122T110000Z'), '{', { mode: 0o600 });
  chmodSync(home.path('credentials'), 0o755);
  mkdirSync(home.path('state'));
  writeFileSync(home.path('cache'), 'in the way');
  const seen = await examine(home, { env: { https_proxy: `http://127.0.0.1:${await deadPort()}` } });
  rmSync(home.path('cache'));
  assert.equal(seen.run.code, 4, show(seen));
  assert.equal(seen.find('credentials', 'openai').code, 'STORE_PERMISSIONS');
  assert.match(seen.find('credentials', 'openai').fix, /^chmod 600 /);
  assert.equal(seen.find('credentials', 'openai (damaged)').code, 'STORE_CORRUPT');
  assert.equal(seen.find('credentials', 'gone').state, 'warning');
  assert.ok(seen.warnings.some((row) => row.subject.includes('.corrupt-')));
  assert.ok(seen.warnings.some((row) => /refresh was begun/.test(row.measured)));
  assert.equal(seen.find('folders', 'cache').state, 'problem');
});

test('ports, variables, plugins and the config', async (t) => {
  const busy = await occupiedPort();
  t.after(() => busy.close());
  const home = new Home({
    config: toml({
      'providers.company': { plugin: 'openai', base_url: `http://127.0.0.1:${await deadPort()}/v1`, dialects: ['responses'], auth_method: 'login' },
      'providers.company.auth.login': {
        kind: 'oauth2', billing: 'subscription', issuer: `http://127.0.0.1:${await deadPort()}`, client_id: 'x', scopes: ['openid'],
        redirect_uris: [`http://127.0.0.1:${busy.port}/callback`],
      },
      'providers.wrong': { plugin: 'nobody' },
    }),
    environment: { OPENAI_API_KEY: 'hok_sandbox_key', HANDOVER_HOMES: '1', HTTP_PROXY: 'http://me:sandbox-password@127.0.0.1:1', https_proxy: 'http://127.0.0.1:1' },
  });
  t.after(() => home.close());
  home.secrets.add('sandbox-password');
  home.secrets.add('hok_sandbox_key');
  const folder = home.path('more');
  mkdirSync(folder);
  writeFileSync(join(folder, 'broken\u001b[31m.so'), 'no shared object');
  home.plugins.push(folder);
  const seen = await examine(home);
  assert.equal(seen.run.code, 6, show(seen)); // of the first one: a provider whose plugin is not there
  const codes = new Set(seen.problems.map((row) => `${row.area} ${row.code}`));
  for (const expected of ['config PLUGIN_NOT_FOUND', 'plugins PLUGIN_INVALID', 'environment AUTH_NO_CREDENTIAL', 'login ports AUTH_PORT_BUSY', 'network PROVIDER_UNAVAILABLE']) {
    assert.ok(codes.has(expected), `${expected} in ${[...codes]}`);
  }
  assert.match(seen.find('environment', 'HANDOVER_HOMES').measured, /Did you mean/);
  assert.equal(seen.find('machine', 'HTTP_PROXY').state, 'warning');
  const text = await home.run(['doctor'], { quiet: true });
  assert.doesNotMatch(text.stdout, /\u001b/);
  assert.equal(text.stderr, '');
});

function keyHome(t, origin) {
  const home = new Home({
    config: toml({
      'providers.it': { plugin: 'openai', base_url: origin, dialects: ['responses'] },
      'providers.it.auth.api-key': { env: ['IT_KEY'] },
    }),
    environment: { IT_KEY: 'sandbox-key-of-the-doctor' },
  });
  home.secrets.add('sandbox-key-of-the-doctor');
  t.after(() => home.close());
  return home;
}
