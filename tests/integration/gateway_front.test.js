// The gateway's front, with raw sockets and curl: who gets in, what is refused, how it starts, reloads and ends.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync, unlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { chat, front, KEY, openStream, standing } from './lib/front.js';
import { Home, binary } from './lib/handover.js';
import { counted } from './lib/metrics.js';
import { raw } from './lib/raw.js';
import { within } from './lib/record.js';
import { failed, succeeded } from './lib/scene.js';

const TOO_LONG = 30000; // ms
const curl = async (...args) => (await promisify(execFile)('curl', ['-sS', '--max-time', '20', ...args])).stdout;

const health = (headers = '', version = '1.1') => `GET /healthz HTTP/${version}\r\nHost: localhost\r\n${headers}\r\n`;

test('it starts with a key of its own, which alone opens it', async (t) => {
  const { home, gateway } = await front(t);
  assert.match(gateway.run.stdout, /^listening http:\/\/127\.0\.0\.1:\d+\n$/);
  assert.match(gateway.key, /^hok_[\w-]{43}$/);
  assert.equal(statSync(home.path('state', 'gateway-keys.json')).mode & 0o777, 0o600);

  assert.deepEqual(await (await fetch(`${gateway.url}/healthz`)).json(), { status: 'ok' });
  const asked = async (headers) => {
    const answer = await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', headers, body: JSON.stringify(chat) });
    return { status: answer.status, id: answer.headers.get('x-request-id'), retry: answer.headers.get('x-should-retry'), body: await answer.json() };
  };
  for (const headers of [{ authorization: `Bearer ${gateway.key}` }, { 'x-api-key': gateway.key }, { 'api-key': gateway.key }]) {
    assert.equal((await asked(headers)).status, 200, JSON.stringify(headers));
  }
  for (const headers of [{}, { authorization: 'Bearer hok_wrong' }, { authorization: `Bearer ${gateway.key}x` }, { 'x-api-key': KEY }]) {
    const { status, id, retry, body } = await asked(headers);
    assert.equal(status, 401);
    assert.equal(retry, 'false');
    assert.deepEqual([body.error.type, body.error.code, body.error.request_id], ['invalid_request_error', 'invalid_api_key', id]);
  }
  assert.equal((await gateway.fetch('/nowhere')).status, 404);
  assert.equal((await gateway.fetch('/v1/chat/completions')).headers.get('allow'), 'POST, OPTIONS');

  await gateway.close();
  assert.ok(!gateway.run.stderr.includes(gateway.key));
});

test('what two readers could understand differently is refused, and the connection closed', async (t) => {
  const { models, gateway } = await front(t);
  const smuggled = `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${gateway.key}\r\nContent-Length: 2\r\n\r\n{}`;
  const post = (headers, body = '') => `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${gateway.key}\r\n${headers}\r\n\r\n${body}`;
  const cases = [
    ['length and chunks', post('Content-Length: 5\r\nTransfer-Encoding: chunked', '0\r\n\r\n'), 400],
    ['chunks and length', post('Transfer-Encoding: chunked\r\nContent-Length: 5', '0\r\n\r\n'), 400],
    ['two lengths', post('Content-Length: 0\r\nContent-Length: 150'), 400],
    ['a list of lengths', post('Content-Length: 0, 150'), 400],
    ['a signed length', post('Content-Length: +0'), 400],
    ['an unknown coding', post('Transfer-Encoding: xchunked', '0\r\n\r\n'), 501],
    ['a coding behind a tab', post('Transfer-Encoding:\tidentity, chunked', '0\r\n\r\n'), 501],
    ['a space before the colon', post('Transfer-Encoding : chunked', '0\r\n\r\n'), 400],
    ['a folded header', post('Transfer-Encoding:\r\n chunked', '0\r\n\r\n'), 400],
    ['a bare LF', post('X: a\nTransfer-Encoding: chunked', '0\r\n\r\n'), 400],
    ['a bare CR', post('X: a\rTransfer-Encoding: chunked', '0\r\n\r\n'), 400],
    ['NUL', post('X: a\0b'), 400],
    ['a bad chunk size', post('Transfer-Encoding: chunked', '0x0\r\n\r\n'), 400],
    ['a chunk longer than it says', post('Transfer-Encoding: chunked', '1\r\nabc\r\n0\r\n\r\n'), 400],
    ['a bare LF in chunks', post('Transfer-Encoding: chunked', '0\n\n'), 400],
    ['chunks twice', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', '0\r\n\r\n'), 400],
    ['chunks in chunks', post('Transfer-Encoding: chunked, chunked', '0\r\n\r\n'), 501],
    ['chunks in HTTP/1.0', post('Transfer-Encoding: chunked', '0\r\n\r\n').replace('HTTP/1.1', 'HTTP/1.0'), 400],
    ['the same length twice', post('Content-Length: 2\r\nContent-Length: 2', '{}'), 400],
    ['a length beyond 64 bits', post('Content-Length: 18446744073709551618', '{}'), 400],
    ['a length in hex', post('Content-Length: 0x2', '{}'), 400],
    ['a length behind a vertical tab', post('Content-Length:\x0b2', '{}'), 400],
    ['a header before the first', 'POST /v1/responses HTTP/1.1\r\n Content-Length: 2\r\nHost: localhost\r\n\r\n{}', 400],
    ['a chunk size beyond 64 bits', post('Transfer-Encoding: chunked', '10000000000000000\r\n\r\n'), 400],
    ['a signed chunk size', post('Transfer-Encoding: chunked', '+1\r\nx\r\n0\r\n\r\n'), 400],
    ['a space behind a chunk size', post('Transfer-Encoding: chunked', '1 \r\nx\r\n0\r\n\r\n'), 400],
    ['a bare LF in a chunk extension', post('Transfer-Encoding: chunked', '1;a\nb\r\nx\r\n0\r\n\r\n'), 400],
    ['a bare CR in a chunk extension', post('Transfer-Encoding: chunked', '1;a\rb\r\nx\r\n0\r\n\r\n'), 400],
    ['a chunk extension without an end', post('Transfer-Encoding: chunked', `1;${'x'.repeat(50000)}`), 400],
    ['trailers without an end', post('Transfer-Encoding: chunked', `0\r\n${'A: b\r\n'.repeat(20000)}`), 400],
    ['empty lines without an end', '\r\n'.repeat(20000), 400],
    ['two spaces', 'GET  /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
    ['no version', 'GET /healthz\r\n', 400],
    ['another minor version', 'GET /healthz HTTP/1.2\r\nHost: localhost\r\n\r\n', 505],
    ['no colon', 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nnonsense\r\n\r\n', 400],
    ['an empty name', 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n: 1\r\n\r\n', 400],
    ['no Host', 'GET /healthz HTTP/1.1\r\n\r\n', 400],
    ['two Hosts', 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n', 400],
    ['a whole URL', 'GET http://localhost/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
  ];
  for (const [name, bytes, status] of cases) {
    const connection = await raw(t, gateway, bytes + smuggled).end();
    assert.deepEqual(connection.statuses(), [status], `${name}: ${connection.received}`);
    assert.match(connection.received, /^Connection: close\r$/m, name);
    assert.match(connection.received, /"type":"invalid_request_error"/, name);
  }
  assert.equal(models.requests().length, 0);
});

test('requests on one connection are answered one after the other, in order', async (t) => {
  const { gateway } = await front(t);
  const post = (model) => {
    const body = JSON.stringify({ ...chat, model });
    return `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nx-api-key: ${gateway.key}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  };
  const pieces = [health(), post('m'), 'GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n', `HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n`, health('Connection: close\r\n')];
  const wanted = [200, 200, 401, 200, 200];
  const connection = await raw(t, gateway, pieces.join('')).end();
  assert.deepEqual(connection.statuses(), wanted, connection.received);
  assert.ok(connection.received.indexOf('chat.completion') < connection.received.indexOf('invalid_api_key'));

  const slow = raw(t, gateway);
  for (const byte of pieces[0] + pieces[1]) slow.write(byte);
  await slow.until(/chat\.completion/);
  assert.deepEqual(slow.statuses(), [200, 200]);
  await slow.write(health('', '1.0')).end();
  assert.deepEqual(slow.statuses(), [200, 200, 200]);
});

test('the upstream sees no header of the client: neither what opened the gateway nor anything else', async (t) => {
  const { models, gateway } = await front(t);
  const body = JSON.stringify(chat);
  const keys = [`Authorization: Bearer ${gateway.key}`, `x-api-key: ${gateway.key}`, `api-key: ${gateway.key}`];
  const others = ['Cookie: session=client-secret', 'Proxy-Authorization: Basic client-secret', 'Connection: X-Named', 'X-Named: client-secret', 'Keep-Alive: timeout=9',
    'TE: trailers', 'X-Forwarded-For: 10.9.8.7', 'X-Stainless-Lang: client-secret', 'User-Agent: client-secret', 'Accept: text/client-secret', 'OpenAI-Organization: client-secret'];
  for (const key of keys) {
    const head = ['POST /v1/chat/completions HTTP/1.1', 'Host: localhost', key, ...others, `Content-Length: ${body.length}`].join('\r\n');
    await raw(t, gateway, `${head}\r\n\r\n${body}`).until(/chat\.completion/);
  }
  await raw(t, gateway, ['POST /v1/chat/completions HTTP/1.1', 'Host: localhost', ...keys, ...others, `Content-Length: ${body.length}`, '', body].join('\r\n')).until(/chat\.completion/);
  assert.equal(models.requests().length, keys.length + 1);
  for (const { headers } of models.requests()) {
    assert.equal(headers.authorization, `Bearer ${KEY}`);
    assert.deepEqual(Object.keys(headers).sort(), ['accept', 'accept-encoding', 'authorization', 'content-length', 'content-type', 'host', 'user-agent']);
    const values = JSON.stringify(headers);
    for (const secret of [gateway.key, 'client-secret']) assert.ok(!values.includes(secret), values);
  }
});

test('Expect: 100-continue, only for who may come in', async (t) => {
  const { gateway } = await front(t);
  const body = JSON.stringify(chat);
  const head = (key) => `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${key}\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`;
  const waits = await raw(t, gateway, head(gateway.key)).until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
  await waits.write(body).until(/chat\.completion/);
  assert.deepEqual(waits.statuses(), [100, 200]);
  const stranger = await raw(t, gateway, head('hok_nobody')).end();
  assert.deepEqual(stranger.statuses(), [401]);
});

test('heads, bodies and connections have limits', async (t) => {
  const { gateway } = await front(t, { serve: { max_body: '2KiB', max_connections: 3 } });
  const key = `x-api-key: ${gateway.key}\r\n`;
  const cases = [
    ['a long head', health(`X: ${'x'.repeat(40000)}\r\n`), 431],
    ['many headers', health('X: 1\r\n'.repeat(120)), 431],
    ['a long target', `GET /${'x'.repeat(9000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 414],
    ['a large body', `POST /v1/responses HTTP/1.1\r\nHost: localhost\r\n${key}Content-Length: 2049\r\n\r\n`, 413],
    ['large chunks', `POST /v1/responses HTTP/1.1\r\nHost: localhost\r\n${key}Transfer-Encoding: chunked\r\n\r\n801\r\n${'x'.repeat(2049)}`, 413],
    ['one chunk too many', `POST /v1/responses HTTP/1.1\r\nHost: localhost\r\n${key}Transfer-Encoding: chunked\r\n\r\n800\r\n${'x'.repeat(2048)}\r\n1\r\n`, 413],
  ];
  for (const [name, bytes, status] of cases) {
    const connection = await raw(t, gateway, bytes).end();
    assert.deepEqual(connection.statuses(), [status], `${name}: ${connection.received.slice(0, 200)}`);
  }
  const body = `{"x":"${'x'.repeat(2048 - 8)}"}`;
  const largest = await raw(t, gateway, `POST /v1/nowhere HTTP/1.1\r\nHost: localhost\r\n${key}Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`).end();
  assert.deepEqual(largest.statuses(), [404]);

  const held = [raw(t, gateway, health()), raw(t, gateway, health()), raw(t, gateway, health())];
  for (const connection of held) await connection.until(/"ok"/);
  const refused = await raw(t, gateway).end();
  assert.deepEqual(refused.statuses(), [503]);
  assert.equal(JSON.parse(refused.received.split('\r\n\r\n')[1]).error.code, 'too_many_connections');
  assert.match(refused.received, /^Content-Length: (\d+)\r$/m);
  assert.equal(Number(/^Content-Length: (\d+)\r$/m.exec(refused.received)[1]), refused.received.split('\r\n\r\n')[1].length);
});

test('who is slow with a request loses the connection', async (t) => {
  const { gateway } = await front(t, { serve: { head_timeout: '400ms', body_timeout: '400ms', keep_alive: '400ms' } });
  const silent = await raw(t, gateway).end();
  assert.equal(silent.received, '');
  // Who has not asked for anything yet has the time of a head, and not that between requests.
  const { gateway: patient } = await front(t, { serve: { head_timeout: '400ms', keep_alive: '10m' } });
  assert.equal((await raw(t, patient).end()).received, '');
  const head = await raw(t, gateway, 'GET /healthz HTTP/1.1\r\nHost: loc').end();
  assert.deepEqual(head.statuses(), [408]);
  // A byte now and then gains no time.
  const drip = raw(t, gateway, 'GET /healthz HTTP/1.1\r\n');
  const tap = setInterval(() => drip.write('X: y\r\n'), 50);
  t.after(() => clearInterval(tap));
  await drip.end();
  assert.deepEqual(drip.statuses(), [408]);
  const body = await raw(t, gateway, `POST /v1/responses HTTP/1.1\r\nHost: localhost\r\nx-api-key: ${gateway.key}\r\nContent-Length: 10\r\n\r\n{`).end();
  assert.deepEqual(body.statuses(), [408]);
  const dripping = raw(t, gateway, `POST /v1/responses HTTP/1.1\r\nHost: localhost\r\nx-api-key: ${gateway.key}\r\nContent-Length: 100000\r\n\r\n{`);
  const tapBody = setInterval(() => dripping.write(' '), 50);
  t.after(() => clearInterval(tapBody));
  await dripping.end();
  assert.deepEqual(dripping.statuses(), [408]);
  const idle = await raw(t, gateway, health()).end();
  assert.deepEqual(idle.statuses(), [200]);
});

test('only by its own names, from no page that is not listed', async (t) => {
  const { gateway } = await front(t, { serve: { hosts: ['gateway.internal'], origins: ['https://app.example.com'] } });
  const get = (headers) => raw(t, gateway, `GET /healthz HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`).end();
  for (const host of ['localhost', 'LOCALHOST:1', '127.0.0.1:4141', '[::1]', 'a.localhost', 'gateway.internal:80']) {
    assert.deepEqual((await get(`Host: ${host}\r\n`)).statuses(), [200], host);
  }
  for (const host of ['evil.example.com', '10.0.0.1', 'localhost.example.com', '127.0.0.1.example.com:4141', '']) {
    const answer = await get(`Host: ${host}\r\n`);
    assert.deepEqual(answer.statuses(), [403], host);
    assert.match(answer.received, /host_not_allowed/);
  }
  for (const origin of ['https://evil.example.com', 'http://localhost:4141', 'null']) {
    const answer = await get(`Host: localhost\r\nOrigin: ${origin}\r\n`);
    assert.deepEqual(answer.statuses(), [403], origin);
    assert.doesNotMatch(answer.received, /access-control/i);
  }
  const page = { origin: 'https://app.example.com' };
  const preflight = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'OPTIONS', headers: { ...page, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
  });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get('access-control-allow-origin'), page.origin);
  assert.match(preflight.headers.get('access-control-allow-headers'), /authorization/);
  const answer = await gateway.post('/v1/chat/completions', chat, { headers: page });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('access-control-allow-origin'), page.origin);
  assert.equal((await gateway.fetch('/healthz')).headers.get('access-control-allow-origin'), null);
});

test('a WebSocket upgrade is answered with 426 at once', async (t) => {
  const { gateway } = await front(t);
  const connection = await raw(t, gateway, 'GET /v1/responses HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
    + 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n').end();
  assert.deepEqual(connection.statuses(), [426]);
  assert.match(connection.received, /\r\nUpgrade: HTTP\/1\.1\r\n/);
  assert.match(connection.received, /\r\nConnection: Upgrade, close\r\n/); // RFC 9110 section 7.8
});

test('a Unix socket, with the key as everywhere', async (t) => {
  const home = new Home();
  t.after(() => home.close());
  const path = home.path('gateway.sock');
  const start = async () => {
    const run = home.start(['serve', '--listen', `unix:${path}`]);
    assert.equal((await run.until(/^listening (.*)$/m, 'stdout'))[1], `unix:${path}`);
    return run;
  };
  const run = await start();
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.match(await curl('--unix-socket', path, 'http://any.name/healthz'), /"ok"/);
  assert.match(await curl('--unix-socket', path, 'http://any.name/v1/models'), /invalid_api_key/);
  const busy = failed(await home.run(['serve', '--listen', `unix:${path}`]), { exit: 2, code: 'USAGE' });
  assert.match(busy.stderr, /Address already in use/);
  run.kill('SIGTERM');
  succeeded(await run.end());
  assert.ok(!existsSync(path));

  const killed = await start();
  killed.kill('SIGKILL');
  await killed.end();
  assert.ok(existsSync(path));
  const again = await start();
  assert.match(await curl('--unix-socket', path, 'http://localhost/healthz'), /"ok"/);
  // Whose socket was removed does not remove the one that stands there now.
  unlinkSync(path);
  const other = await start();
  again.kill('SIGTERM');
  succeeded(await again.end());
  assert.match(await curl('--unix-socket', path, 'http://localhost/healthz'), /"ok"/);
  other.kill('SIGTERM');
  succeeded(await other.end());
  assert.ok(!existsSync(path));
});

test('beyond loopback only where that is asked for', async (t) => {
  const home = new Home();
  t.after(() => home.close());
  failed(await home.run(['serve', '--listen', '0.0.0.0:0']), { exit: 2, code: 'USAGE', fix: /--allow-remote/ });
  home.setConfig('[serve]\nlisten = "[::]:0"\n');
  failed(await home.run(['serve']), { exit: 2, code: 'USAGE', fix: /--allow-remote/ });
  failed(await home.run(['serve', '--listen', 'example.com:80']), { exit: 2, code: 'USAGE' });
  const run = home.start(['serve', '--listen', '0.0.0.0:0', '--allow-remote']);
  const [, port] = await run.until(/^listening http:\/\/0\.0\.0\.0:(\d+)$/m, 'stdout');
  const named = (host) => raw(t, { url: `http://127.0.0.1:${port}` }, `GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`).end();
  assert.deepEqual((await named('192.168.7.7')).statuses(), [200]);
  assert.deepEqual((await named('evil.example.com')).statuses(), [403]);
  run.kill('SIGTERM');
  succeeded(await run.end());
});

test('keys: several at once, made and removed while it runs', async (t) => {
  const { home, gateway } = await front(t);
  const status = async (key) => (await fetch(`${gateway.url}/v1/nowhere`, { headers: { 'x-api-key': key } })).status;
  const becomes = async (key, wanted) => {
    const deadline = Date.now() + TOO_LONG;
    while (await status(key) !== wanted) assert.ok(Date.now() < deadline, `never ${wanted}`);
  };
  const added = succeeded(await home.run(['serve', '--add-key', 'laptop'], { shows: 'stdout' }));
  const laptop = added.stdout.trim();
  assert.match(laptop, /^hok_[\w-]{43}$/);
  await becomes(laptop, 404);
  assert.equal(await status(gateway.key), 404);
  const listed = succeeded(await home.run(['serve', '--list-keys']));
  assert.match(listed.stdout, /^default /m);
  assert.match(listed.stdout, /^laptop /m);
  assert.doesNotMatch(listed.stdout, /hok_/);
  succeeded(await home.run(['serve', '--remove-key', 'laptop']));
  await becomes(laptop, 401);
  assert.equal(await status(gateway.key), 404);
  failed(await home.run(['serve', '--remove-key', 'laptop']), { exit: 2, code: 'USAGE' });

  const env = succeeded(await home.run(['serve', '--print-env', '--listen', '127.0.0.1:4242'], { shows: 'stdout' }));
  assert.equal(env.stdout, `export OPENAI_BASE_URL='http://127.0.0.1:4242/v1'\nexport OPENAI_API_KEY='${gateway.key}'\n`);
  const codex = succeeded(await home.run(['serve', '--print-config', 'codex', '--listen', '127.0.0.1:4242']));
  assert.match(codex.stdout, /base_url = "http:\/\/127\.0\.0\.1:4242\/v1"/);
  assert.doesNotMatch(codex.stdout, /hok_/);
  failed(await home.run(['serve', '--print-env', '--listen', '127.0.0.1:0']), { exit: 2, code: 'USAGE' });
  failed(await home.run(['serve', '--print-env', '--list-keys']), { exit: 2, code: 'USAGE' });
  for (const option of ['--add-key', '--remove-key', '--print-config']) {
    failed(await home.run(['serve', option, '']), { exit: 2, code: 'USAGE' });
  }

  chmodSync(home.path('state', 'gateway-keys.json'), 0o644);
  failed(await home.run(['serve', '--listen', '127.0.0.1:0']), { exit: 4, code: 'STORE_PERMISSIONS', fix: /chmod 600/ });
});

test('SIGTERM: no new requests, open streams end first, exit 0', async (t) => {
  const { held, reply } = standing();
  const { gateway } = await front(t, { reply });
  const stream = await openStream(t, gateway);
  const idle = await raw(t, gateway, health()).until(/"ok"/);
  gateway.run.kill('SIGTERM');
  await idle.end();
  await gateway.run.until(/no new requests/);
  await assert.rejects(fetch(`${gateway.url}/healthz`));
  assert.ok(!stream.ended);
  held.open();
  await stream.end();
  assert.match(stream.received, /"two"[^]*data: \[DONE\]\n\n\r\n(0\r\n\r\n)?/);
  assert.match(stream.received, /0\r\n\r\n$/);
  succeeded(await gateway.run.end());
  assert.doesNotMatch(gateway.run.stderr, /grace time/); // a connection that has its answer is not waited for
});

test('after the grace time what is still open is cut', async (t) => {
  const { held, reply } = standing();
  t.after(() => held.open());
  const { gateway } = await front(t, { reply, serve: { grace: '300ms' } });
  const stream = await openStream(t, gateway);
  gateway.run.kill('SIGTERM');
  succeeded(await gateway.run.end());
  await stream.end();
  assert.doesNotMatch(stream.received, /0\r\n\r\n$/);
  assert.match(gateway.run.stderr, /grace time is over/);
});

test('a second signal ends it at once', async (t) => {
  const { held, reply } = standing();
  t.after(() => held.open());
  const { gateway } = await front(t, { reply });
  await openStream(t, gateway);
  gateway.run.kill('SIGTERM');
  await gateway.run.until(/no new requests/);
  gateway.run.kill('SIGTERM');
  const run = await gateway.run.end();
  assert.equal(run.code, 143, String(run));
});

test('SIGHUP: a good config holds from then on, a bad one changes nothing, no stream is dropped', async (t) => {
  const { held, reply } = standing();
  const { home, gateway, config } = await front(t, { reply });
  const stream = await openStream(t, gateway);
  const named = async (host) => (await raw(t, gateway, `GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`).end()).statuses()[0];
  const reloaded = (times) => gateway.run.until(new RegExp(`(config is reloaded[^]*){${times}}`));
  assert.equal(await named('one.internal'), 403);

  home.setConfig(config({ hosts: ['one.internal'] }));
  gateway.run.kill('SIGHUP');
  await reloaded(1);
  assert.equal(await named('one.internal'), 200);

  home.setConfig(`${config({ hosts: ['two.internal'] })}\nnonsense = `);
  gateway.run.kill('SIGHUP');
  await gateway.run.until(/not reloaded, the old one stays[^]*config\.toml/);
  assert.equal(await named('one.internal'), 200);
  assert.equal(await named('two.internal'), 403);

  home.setConfig(config({ hosts: ['two.internal'] }));
  gateway.run.kill('SIGHUP');
  await reloaded(2);
  assert.equal(await named('one.internal'), 403);
  assert.equal(await named('two.internal'), 200);

  held.open();
  await stream.until(/0\r\n\r\n$/);
  assert.match(stream.received, /"two"/);
});

test('a line in the log for each request, with the id that was returned; and counters', async (t) => {
  const { gateway } = await front(t, { args: ['--log-format', 'json'] });
  const answer = await gateway.post('/v1/chat/completions', chat);
  const id = answer.headers.get('x-request-id');
  assert.match(id, /^req_[0-9a-f]{24}$/);
  const [text] = await gateway.run.until(new RegExp(`^.*${id}.*$`, 'm'));
  const line = JSON.parse(text);
  assert.deepEqual(
    [line.level, line.area, line.request_id, line.method, line.path, line.status, line.key, line.provider, line.dialect],
    ['info', 'serve', id, 'POST', '/v1/chat/completions', 200, 'default', 'mine', 'chat_completions'],
  );
  assert.ok(line.ms >= 0 && line.bytes > 0);
  await (await fetch(`${gateway.url}/v1/models`)).text();

  assert.equal((await fetch(`${gateway.url}/metrics`)).status, 401);
  const page = await counted(gateway, (seen) => seen.of('handover_requests_total')['- - 401'] === 2, 'both refusals');
  const { '- - 200': scrapes, ...requests } = page.of('handover_requests_total'); // as many as it took
  assert.deepEqual(requests, { '- - 401': 2, 'mine chat_completions 200': 1 });
  assert.equal(page.value('handover_in_flight_requests'), 1);
  assert.deepEqual(page.of('handover_upstream_seconds'), { mine: 1 });
  assert.equal(page.value('handover_added_seconds'), 1);
});

test('requests are said unless it is to be quiet', async (t) => {
  const home = new Home();
  t.after(() => home.close());
  for (const [args, says] of [[[], true], [['-q'], false]]) {
    const run = home.start([...args, 'serve', '--listen', '127.0.0.1:0'], { quiet: true });
    const [, url] = await run.until(/^listening (http:\S+)$/m, 'stdout');
    await (await fetch(`${url}/healthz`)).text();
    run.kill('SIGTERM');
    succeeded(await run.end());
    assert.equal(/path=\/healthz status=200/.test(run.stderr), says, String(run));
  }
});

// What systemd does: a listening socket as descriptor 3, its number and the process's in the environment, and a socket to be told on.
test('a socket that is handed over, and the word that it is ready', async (t) => {
  const home = new Home();
  t.after(() => home.close());
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  const script = home.path('start');
  writeFileSync(script, '#!/bin/sh\nLISTEN_PID=$$ LISTEN_FDS=1 exec "$@"\n', { mode: 0o755 });
  const child = spawn(script, [binary('HANDOVER_BIN'), 'serve'], { env: home.env(), stdio: ['ignore', 'pipe', 'pipe', server._handle] });
  t.after(() => { child.kill('SIGKILL'); server.close(); });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text) => { said += text; });
  await within(TOO_LONG, new Promise((resolve) => { child.stdout.on('data', () => { if (said.includes('\n')) resolve(); }); }), () => 'the line');
  assert.equal(said, `listening http://127.0.0.1:${port}\n`);
  server._handle.close();
  assert.equal((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 200);
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
  assert.ok(readFileSync(home.path('state', 'gateway-keys.json'), 'utf8').includes('hok_'));
});
