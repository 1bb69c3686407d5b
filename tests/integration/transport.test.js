// The way to the upstream: TLS with an authority of one's own, HTTP/2, proxies; and that plain HTTP needs no libcurl.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Certificates } from './lib/certificates.js';
import { Home } from './lib/handover.js';
import { gate } from './lib/record.js';
import { succeeded } from './lib/scene.js';
import { startModelServer } from './lib/model_server.js';

const KEY = 'sandbox-transport-key';
const certificates = new Certificates();
const file = (name) => certificates.path(name);

// An authority, a certificate of it for this machine, and an authority that signed nothing here.
before(() => {
  for (const name of ['authority', 'stranger']) certificates.authority(name);
  certificates.server('server');
});
after(() => certificates.remove());

// A model API behind TLS, in HTTP/1.1 or in HTTP/2 only.
async function secureModels(t, version) {
  const models = await startModelServer({ accepts: (bearer) => bearer === KEY });
  const seen = { versions: [], connections: 0 };
  const tls = { key: readFileSync(file('server.key')), cert: readFileSync(file('server.pem')) };
  const handler = (request, response) => {
    seen.versions.push(request.httpVersion);
    // Of a stream that was cut off, HTTP/2's response says that it was written in full; the request tells the truth.
    if (version === 2) request.on('aborted', () => models.record.add({ disconnected: true }));
    models.handle(request, response);
  };
  const server = version === 2 ? createSecureServer({ ...tls, allowHTTP1: false }, handler) : createServer(tls, handler);
  const sessions = new Set();
  server.on('secureConnection', (socket) => { seen.connections += 1; sessions.add(socket); });
  server.on('sessionError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    for (const socket of sessions) socket.destroy();
    server.close();
    await models.close();
  });
  return { models, seen, base_url: `https://127.0.0.1:${server.address().port}/v1` };
}

function home(t, base_url, http = {}, environment = {}) {
  const lines = Object.entries(http).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  const made = new Home({
    config: `${lines.length > 0 ? '[http]\n' : ''}${lines.join('\n')}\n[providers.remote]\nplugin = "openai"\n`
      + `base_url = "${base_url}"\ndialects = ["responses"]\nmodel = "m"\n[providers.remote.auth.api-key]\nenv = ["TEST_KEY"]\n`,
    environment: { TEST_KEY: KEY, ...environment },
  });
  made.secrets.add(KEY);
  t.after(() => made.close());
  return made;
}

for (const version of [1, 2]) {
  test(`TLS, HTTP/${version}: the answer as it comes`, async (t) => {
    const { models, seen, base_url } = await secureModels(t, version);
    const gates = [gate(), gate(), gate(), gate()];
    models.response = { gates };
    const run = home(t, base_url, { ca_file: file('authority.pem') }).start(['run', '-p', 'remote', 'hi']);
    let shown = '';
    for (const [n, word] of ['The ', 'quick ', 'brown ', 'fox.'].entries()) {
      gates[n].open();
      shown += word;
      await run.until(new RegExp(`^${shown}`), 'stdout');
      assert.equal(run.stdout.trimEnd(), shown.trimEnd());
    }
    succeeded(await run.end());
    assert.deepEqual(seen.versions, [version === 2 ? '2.0' : '1.1']);
    const [request] = models.record.where({ method: 'POST' });
    assert.equal(request.authorization, `Bearer ${KEY}`);
    assert.equal(request.body.model, 'm');
  });

  test(`TLS, HTTP/${version}: Ctrl-C reaches the upstream`, async (t) => {
    const { models, base_url } = await secureModels(t, version);
    models.response = { gates: [undefined, gate()] };
    const run = home(t, base_url, { ca_file: file('authority.pem') }).start(['run', '-p', 'remote', 'hi']);
    await run.until(/^The /, 'stdout');
    run.kill('SIGINT');
    await run.end();
    assert.equal(run.code, 130, String(run));
    await models.record.until({ disconnected: true });
  });
}

test('a certificate of somebody else: no request, and what to do', async (t) => {
  const { models, base_url } = await secureModels(t, 1);
  const run = await home(t, base_url, { ca_file: file('stranger.pem') }).run(['run', '-p', 'remote', 'hi']);
  assert.notEqual(run.code, 0, String(run));
  assert.match(run.stderr, /certificate of 127\.0\.0\.1:\d+ is not trusted/);
  assert.match(run.stderr, /ca_file/);
  assert.equal(models.record.where({ method: 'POST' }).length, 0);
});

test('a certificate for another name: no request', async (t) => {
  const { models, base_url } = await secureModels(t, 1);
  const elsewhere = base_url.replace('127.0.0.1', 'localhost');
  const run = await home(t, elsewhere, { ca_file: file('authority.pem') }).run(['run', '-p', 'remote', 'hi']);
  assert.notEqual(run.code, 0, String(run));
  assert.match(run.stderr, /certificate of localhost:\d+ is not trusted/);
  assert.equal(models.record.where({ method: 'POST' }).length, 0);
});

test('trust roots that cannot be read are named', async (t) => {
  const { base_url } = await secureModels(t, 1);
  const run = await home(t, base_url, { ca_file: file('missing.pem') }).run(['run', '-p', 'remote', 'hi']);
  assert.notEqual(run.code, 0, String(run));
  assert.match(run.stderr, /missing\.pem/);
});

// A folder with a libcurl.so.4 that cannot be loaded, found before the system's.
function brokenLibcurl() {
  const libraries = file('broken');
  mkdirSync(libraries, { recursive: true });
  writeFileSync(join(libraries, 'libcurl.so.4'), 'no library');
  return { LD_LIBRARY_PATH: libraries };
}

test('plain HTTP does not open libcurl, TLS does', async (t) => {
  const models = await startModelServer({ accepts: (bearer) => bearer === KEY });
  t.after(() => models.close());
  const plain = await home(t, models.base_url, {}, brokenLibcurl()).run(['run', '-p', 'remote', 'hi']);
  assert.equal(succeeded(plain).stdout, `${models.text}\n`);
  const { base_url } = await secureModels(t, 1);
  const secure = await home(t, base_url, { ca_file: file('authority.pem') }, brokenLibcurl()).run(['run', '-p', 'remote', 'hi']);
  assert.notEqual(secure.code, 0, String(secure));
  assert.match(secure.stderr, /libcurl\.so\.4 cannot be used/);
});

test('a proxy of the environment gets what is for other machines', async (t) => {
  const proxy = await startModelServer({ accepts: (bearer) => bearer === KEY });
  t.after(() => proxy.close());
  const made = home(t, 'http://models.test/v1', {}, { http_proxy: proxy.origin });
  made.setConfig(readFileSync(made.path('config.toml'), 'utf8').replace('model = "m"', 'model = "m"\nallow_http = true'));
  const run = await made.run(['run', '-p', 'remote', 'hi']);
  assert.equal(succeeded(run).stdout, `${proxy.text}\n`);
  assert.equal(proxy.record.where({ method: 'POST' })[0].path, 'http://models.test/v1/responses');
});
