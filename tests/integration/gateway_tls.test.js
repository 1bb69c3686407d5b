// TLS between clients and the gateway: who is served, who is refused, how certificates are replaced.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { after, before, test } from 'node:test';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { Certificates } from './lib/certificates.js';
import { Gateway, keyed } from './lib/gateway.js';
import { Home, toml } from './lib/handover.js';
import { Raw } from './lib/raw.js';
import { gate, within } from './lib/record.js';
import { failed, succeeded } from './lib/scene.js';
import { chatAnswer, chatChunks, flood, startScriptedModels } from './lib/scripted_models.js';

const KEY = 'sandbox-key-tls';
const certificates = new Certificates();
const chat = (content = 'hi', more = {}) => JSON.stringify({ model: 'm', messages: [{ role: 'user', content }], ...more });

before(() => {
  certificates.authority('authority');
  certificates.server('first');
  certificates.server('second');
});
after(() => certificates.remove());

const pair = (name) => ({ tls_certificate: certificates.path(`${name}.pem`), tls_key: certificates.path(`${name}.key`) });

// The answer has as many bytes as the question.
const echo = ({ body }) => {
  const content = body.messages[0].content;
  return body.stream ? { events: chatChunks([{ content: 'hel' }, { content: 'lo' }]) } : { json: chatAnswer({ content }) };
};

async function front(t, { serve = {}, args, reply = echo, tls = pair('first') } = {}) {
  const models = await startScriptedModels(reply);
  const config = (settings) => toml({
    '': { default_provider: 'mine' }, serve: settings, http: { max_retries: 0 }, ...keyed('mine', models.base_url, ['chat_completions']),
  });
  const home = new Home({ config: config({ ...tls, ...serve }), environment: { GATEWAY_TEST_KEY: KEY } });
  home.secrets.add(KEY);
  for (const name of ['first', 'second']) home.secrets.add(certificates.read(`${name}.key`).split('\n')[1]);
  t.after(async () => {
    await models.close();
    await home.close();
  });
  return { models, home, config, gateway: await Gateway.start(home, { args }) };
}

// Of an https request: the answer, whose body is not read.
async function ask(t, gateway, { body = chat(), agent = false, headers = {} } = {}) {
  const sent = request(`${gateway.url}/v1/chat/completions`, {
    method: 'POST', agent, ca: certificates.read('authority.pem'), headers: { authorization: `Bearer ${gateway.key}`, ...headers },
  });
  t.after(() => sent.destroy());
  sent.on('error', () => {});
  sent.end(body);
  const [answer] = await once(sent, 'response');
  return answer;
}

async function text(answer) {
  let all = '';
  for await (const piece of answer.setEncoding('utf8')) all += piece;
  return all;
}

// A connection after its handshake.
async function secure(t, gateway, options = {}) {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect({ host: hostname, port, ca: certificates.read('authority.pem'), ...options });
  t.after(() => socket.destroy());
  socket.on('session', (session) => { socket.ticket = session; }); // TLS 1.3: the last of several
  await once(socket, 'secureConnect');
  // A gateway that goes may be gone before our answer to its end is there; who reads is told all the same.
  socket.on('error', () => {});
  return socket;
}

const health = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';
const metric = async (t, gateway, name) => {
  const socket = await secure(t, gateway);
  socket.write(`GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nx-api-key: ${gateway.key}\r\n\r\n`);
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await text(socket))[1]);
};
const curl = async (gateway, path, ...args) => {
  const all = ['-sS', '--max-time', '30', '--cacert', certificates.path('authority.pem'), ...args, `${gateway.url}${path}`];
  return promisify(execFile)('curl', all).catch((error) => error);
};

test('the official package, told the URL, the key and the authority', async (t) => {
  const { home, gateway } = await front(t);
  assert.match(gateway.run.stdout, /^listening https:\/\/127\.0\.0\.1:\d+\n$/);
  const listen = ['--listen', gateway.url.slice('https://'.length)];
  const shown = succeeded(await home.run(['serve', '--print-env', ...listen], { shows: 'stdout' })).stdout;
  assert.ok(shown.includes(`OPENAI_BASE_URL='${gateway.url}/v1'`), shown);
  for (const client of ['codex', 'openai-node', 'openai-python', 'curl']) {
    assert.ok(succeeded(await home.run(['serve', '--print-config', client, ...listen])).stdout.includes(`${gateway.url}/v1`), client);
  }

  const program = fileURLToPath(new URL('./lib/official_client.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program], {
    env: { PATH: process.env.PATH, OPENAI_BASE_URL: `${gateway.url}/v1`, OPENAI_API_KEY: gateway.key, NODE_EXTRA_CA_CERTS: certificates.path('authority.pem') },
  });
  assert.deepEqual(JSON.parse(stdout), { whole: 'hi', streamed: 'hello', large: 1 << 20 });
});

test('curl: TLS 1.3, HTTP/1.1 by ALPN; nothing without the authority, nothing below TLS 1.2', async (t) => {
  const { gateway } = await front(t, { args: ['--log-format', 'json'] });
  const { stdout, stderr } = await curl(gateway, '/healthz', '-v', '--http2');
  assert.equal(JSON.parse(stdout).status, 'ok');
  assert.match(stderr, /TLSv1\.3/);
  assert.match(stderr, /ALPN.*http\/1\.1/);
  assert.match(stderr, /< HTTP\/1\.1 200/);
  assert.equal(JSON.parse((await curl(gateway, '/healthz', '--tls-max', '1.2')).stdout).status, 'ok');
  assert.equal((await curl(gateway, '/healthz', '--cacert', certificates.path('second.pem'))).code, 60);
  const before = await metric(t, gateway, 'handover_tls_failures_total');
  for (let i = 0; i < 5; i += 1) {
    const old = await curl(gateway, '/healthz', '--tlsv1.0', '--tls-max', '1.1', '--ciphers', 'DEFAULT@SECLEVEL=0');
    assert.equal(old.code, 35, `${old}`);
  }
  assert.equal(await metric(t, gateway, 'handover_tls_failures_total'), before + 5);
  // One loop says it once, however many clients fail; there are as many loops as CPUs.
  const said = gateway.run.stderr.match(/TLS with a client failed/g);
  assert.ok(said.length >= 1 && said.length <= before + 4, `${said.length} lines`);
});

test('connections are kept alive, sessions resumed', async (t) => {
  const { gateway } = await front(t);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const ports = new Set();
  for (const size of [10, 1 << 20, 10]) {
    const answer = await ask(t, gateway, { agent, body: chat('x'.repeat(size)) });
    ports.add(answer.socket.localPort);
    assert.equal(JSON.parse(await text(answer)).choices[0].message.content.length, size);
  }
  assert.equal(ports.size, 1);

  for (const maxVersion of ['TLSv1.3', 'TLSv1.2']) {
    const first = await secure(t, gateway, { maxVersion });
    first.write(health);
    await once(first, 'data');
    assert.equal(first.isSessionReused(), false);
    first.destroy();
    const second = await secure(t, gateway, { maxVersion, session: first.ticket });
    assert.equal(second.isSessionReused(), true, maxVersion);
    second.write(health);
    assert.match(String((await once(second, 'data'))[0]), /^HTTP\/1\.1 200/);
  }
});

test('a client that does not read holds its own upstream back', async (t) => {
  const upstream = flood();
  const { gateway } = await front(t, { reply: upstream.reply });
  const answer = await ask(t, gateway, { body: chat('hi', { stream: true }) }); // nothing of its body is read
  for (let i = 0; i < 20; i += 1) assert.match(await text(await ask(t, gateway, { body: chat('hi', { stream: true }) })), /quick[^]*\[DONE\]/);
  assert.ok(upstream.sent < upstream.count * 0.6, `${upstream.sent} of ${upstream.count} events were taken from the upstream`);
  let bytes = 0;
  let last = '';
  for await (const piece of answer) {
    bytes += piece.length;
    last = (last + piece).slice(-40);
  }
  assert.ok(bytes > upstream.count * upstream.content.length);
  assert.match(last, /data: \[DONE\]\n\n$/);
});

test('a client that goes takes its upstream request with it, orderly or not', async (t) => {
  const held = gate();
  t.after(() => held.open());
  const [first, ...rest] = chatChunks([{ content: 'x' }]);
  const { models, gateway } = await front(t, { reply: () => ({ events: [first, held, ...rest] }) });
  for (const way of ['destroy', 'end']) {
    const gone = models.record.count({ disconnected: true });
    const answer = await ask(t, gateway, { body: chat('hi', { stream: true }) });
    await once(answer, 'data');
    answer.on('error', () => {}); // what is left of it is cut
    answer.socket[way]();
    await models.record.until({ disconnected: true }, { n: gone + 1 });
  }
});

test('plain HTTP is told where it is, and nothing else', async (t) => {
  const { models, gateway } = await front(t);
  const plain = { url: gateway.url };
  for (const bytes of [health, `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(1000)}`, '\0\0\0\0']) {
    const connection = await new Raw(plain).write(bytes).end();
    assert.deepEqual(connection.statuses(), [400], connection.received);
    assert.match(connection.received, /^Connection: close\r$/m);
    assert.equal(JSON.parse(connection.received.split('\r\n\r\n')[1]).error.code, 'tls_required');
  }
  assert.equal(models.requests().length, 0);
});

test('a handshake that stalls ends with the time for a head', async (t) => {
  const { gateway } = await front(t, { serve: { head_timeout: '500ms' } });
  const { hostname, port } = new URL(gateway.url);
  // The beginning of a client's hello, nothing at all, and hellos a byte at a time.
  for (const bytes of ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', '']) {
    const connection = await new Raw({ url: gateway.url }).write(bytes).end();
    assert.equal(connection.received, '');
  }
  const drip = new Raw({ url: gateway.url }).write('\x16\x03\x01\x02\x00');
  const tap = setInterval(() => drip.write('\x01'), 50);
  t.after(() => clearInterval(tap));
  await drip.end();
  // And one that shakes hands and says nothing more.
  const silent = connect({ host: hostname, port, ca: certificates.read('authority.pem') });
  t.after(() => silent.destroy());
  silent.resume();
  await within(30000, once(silent, 'end'), () => 'the end of a silent connection');
  const large = await ask(t, gateway, { body: chat('x'.repeat(1 << 20)) });
  assert.equal(JSON.parse(await text(large)).choices[0].message.content.length, 1 << 20);
});

test('garbage after the hello, in a record and instead of one, ends the connection alone', async (t) => {
  const { gateway } = await front(t);
  const { hostname, port } = new URL(gateway.url);
  for (const bytes of [`\x16\x03\x01\x00\x10${'\xff'.repeat(16)}`, `\x16\x03\x01${'\xff'.repeat(5000)}`, '\x16GET / HTTP/1.1\r\n\r\n']) {
    await new Raw({ url: gateway.url }).write(bytes).end();
  }
  // A record that was changed on the way, in mid-connection.
  const raw = connectPlain(Number(port), hostname);
  const socket = connect({ socket: raw, ca: certificates.read('authority.pem'), host: hostname });
  t.after(() => raw.destroy());
  await once(socket, 'secureConnect');
  socket.on('error', () => {});
  raw.write(Buffer.concat([Buffer.from('\x17\x03\x03\x00\x20', 'latin1'), Buffer.alloc(32, 7)]));
  await within(30000, once(raw, 'close'), () => 'the end of a changed connection');
  assert.equal(JSON.parse((await curl(gateway, '/healthz')).stdout).status, 'ok');
});

test('SIGHUP takes a new certificate for new connections; a bad one changes nothing', async (t) => {
  const held = gate();
  t.after(() => held.open());
  const [opening, ...rest] = chatChunks([{ content: 'x' }]);
  const { home, config, gateway } = await front(t, { reply: () => ({ events: [opening, held, ...rest] }) });
  const shown = async () => {
    const socket = await secure(t, gateway);
    return socket.getPeerCertificate().serialNumber;
  };
  const reloaded = async (pattern, change) => {
    change();
    const heard = gateway.run.stderr.length;
    gateway.run.child.kill('SIGHUP');
    await gateway.run.until({ exec: (all) => pattern.exec(all.slice(heard)) });
  };
  const first = await shown();
  const stream = await ask(t, gateway, { body: chat('hi', { stream: true }) });
  const ticket = await secure(t, gateway, { maxVersion: 'TLSv1.2' });
  const session = ticket.getSession();

  // The same files: clients that come back find their sessions.
  await reloaded(/the config is reloaded/, () => {});
  assert.equal((await secure(t, gateway, { maxVersion: 'TLSv1.2', session })).isSessionReused(), true);

  await reloaded(/the config is reloaded/, () => home.setConfig(config(pair('second'))));
  const second = await shown();
  assert.notEqual(second, first);
  assert.equal((await secure(t, gateway, { maxVersion: 'TLSv1.2', session })).isSessionReused(), false);

  const broken = certificates.path('broken.pem');
  const open = certificates.path('open.key');
  writeFileSync(broken, 'no certificate');
  copyFileSync(certificates.path('second.key'), open);
  chmodSync(open, 0o644);
  const bad = [
    [{ ...pair('second'), tls_certificate: broken }, /not reloaded.*broken\.pem.*no certificate/],
    [{ ...pair('second'), tls_key: pair('first').tls_key }, /not reloaded.*first\.key.*does not belong/],
    [{ ...pair('second'), tls_key: open }, /not reloaded.*open\.key.*others can read/],
    [{ ...pair('second'), tls_certificate: certificates.path('none.pem') }, /not reloaded.*none\.pem.*No such file/],
  ];
  for (const [settings, why] of bad) {
    await reloaded(why, () => home.setConfig(config(settings)));
    assert.equal(await shown(), second);
  }
  held.open();
  assert.match(await text(stream), /\[DONE\]/);
  await gateway.close();
});

test('what it cannot start with, and what it says of it', async (t) => {
  const open = certificates.path('readable.key');
  copyFileSync(certificates.path('first.key'), open);
  chmodSync(open, 0o640);
  const first = pair('first');
  const cases = [
    [{ tls_certificate: first.tls_certificate }, /tls_key.*is needed as well/s],
    [{ tls_key: first.tls_key }, /tls_certificate.*is needed as well/s],
    [{ ...first, tls_certificate: '/nowhere/server.pem' }, /\/nowhere\/server\.pem.*tls_certificate/s],
    [{ ...first, tls_key: '/nowhere/server.key' }, /\/nowhere\/server\.key.*tls_key/s],
    [{ ...first, tls_key: first.tls_certificate }, /chmod 600/],
    [{ ...first, tls_key: open }, /others can read.*chmod 600/s],
    [{ ...first, tls_key: pair('second').tls_key }, /second\.key.*does not belong/s],
  ];
  for (const [settings, says] of cases) {
    const home = new Home({ config: toml({ serve: settings }) });
    t.after(() => home.close());
    const run = failed(await home.run(['serve', '--listen', '127.0.0.1:0'], { quiet: true }), { exit: 3, code: 'CONFIG_INVALID', says });
    assert.equal(run.stdout, '');
  }
});

test('a Unix socket stays plain; beyond loopback without TLS is warned of, once', async (t) => {
  const socket = (home) => home.path('gateway.sock');
  const warning = /others can reach this gateway.*without encryption/g;
  const plain = new Home();
  const secured = new Home({ config: toml({ serve: pair('first') }) });
  t.after(async () => {
    await plain.close();
    await secured.close();
  });
  const cases = [
    [plain, ['--listen', '0.0.0.0:0', '--allow-remote'], /^listening http:\/\/0\.0\.0\.0:\d+$/m, 1],
    [secured, ['--listen', '0.0.0.0:0', '--allow-remote'], /^listening https:\/\/0\.0\.0\.0:\d+$/m, 0],
    [secured, ['--listen', `unix:${socket(secured)}`], /^listening unix:\/\S+gateway\.sock$/m, 0],
  ];
  for (const [home, args, says, warned] of cases) {
    const run = home.start(['serve', ...args], { quiet: true });
    await run.until(says, 'stdout');
    if (args.length === 2) {
      const { stdout } = await promisify(execFile)('curl', ['-sS', '--max-time', '20', '--unix-socket', socket(home), 'http://localhost/healthz']);
      assert.equal(JSON.parse(stdout).status, 'ok');
    }
    run.kill('SIGTERM');
    succeeded(await run.end());
    assert.equal(run.stderr.match(warning)?.length ?? 0, warned, run.stderr);
  }
});

test('towards an https upstream connections outlast a quiet moment, and sessions are resumed', async (t) => {
  const together = 12;
  const sockets = new Set();
  const resumed = [];
  let held = [];
  let wave = 1; // this many requests are answered at once
  const upstream = createServer({ key: certificates.read('first.key'), cert: certificates.read('first.pem') }, (asked, answer) => {
    asked.resume();
    held.push(answer);
    if (held.length < wave) return;
    for (const each of held) {
      each.setHeader('content-type', 'application/json');
      each.end(JSON.stringify(chatAnswer({ content: 'hello' })));
    }
    held = [];
  });
  upstream.on('secureConnection', (socket) => {
    sockets.add(socket);
    resumed.push(socket.isSessionReused());
  });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const home = new Home({
    config: toml({
      '': { default_provider: 'mine' }, http: { max_retries: 0, ca_file: certificates.path('authority.pem') }, serve: pair('first'),
      ...keyed('mine', `https://127.0.0.1:${upstream.address().port}/v1`, ['chat_completions']),
    }),
    environment: { GATEWAY_TEST_KEY: KEY },
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 2 * together });
  t.after(async () => {
    agent.destroy();
    for (const socket of sockets) socket.destroy();
    upstream.close();
    await home.close();
  });
  const gateway = await Gateway.start(home, { one_cpu: true });
  const ask_all = async (count) => {
    wave = count;
    const texts = await Promise.all(Array.from({ length: count }, async () => text(await ask(t, gateway, { agent }))));
    for (const each of texts) assert.match(each, /hello/);
  };
  // libcurl's first, then the gateway's own.
  await ask_all(together);
  assert.equal(resumed.length, together);
  await ask_all(together);
  assert.equal(resumed.length, 2 * together);
  for (let i = 0; i < 3; i += 1) await ask_all(1);
  await ask_all(together);
  assert.equal(resumed.length, 2 * together);

  await ask_all(2 * together);
  assert.deepEqual(resumed.slice(2 * together), Array(together).fill(true));
});
