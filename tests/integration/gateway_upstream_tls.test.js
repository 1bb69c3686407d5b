// TLS between the gateway and its upstreams: connections of its own where HTTP/1.1 is spoken, libcurl's for HTTP/2 and for what fails.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import { after, before, test } from 'node:test';
import { createServer } from 'node:tls';

import { Certificates } from './lib/certificates.js';
import { Gateway, keyed, rejection } from './lib/gateway.js';
import { Home, toml } from './lib/handover.js';
import { readBody } from './lib/loopback.js';
import { gate } from './lib/record.js';
import { chatAnswer, chatChunks, flood, startScriptedModels } from './lib/scripted_models.js';

const KEY = 'sandbox-key-upstream-tls';
const certificates = new Certificates();
const chat = (content = 'hi', more = {}) => ({ model: 'm', messages: [{ role: 'user', content }], ...more });

before(() => {
  for (const name of ['authority', 'stranger']) certificates.authority(name);
  certificates.server('trusted');
  certificates.server('untrusted', { authority: 'stranger' });
  certificates.server('expired', { days: -1 });
  certificates.server('elsewhere', { names: 'DNS:elsewhere.test' });
  certificates.server('unnamed', { names: '' });
});
after(() => certificates.remove());

const pair = (name) => ({ key: certificates.read(`${name}.key`), cert: certificates.read(`${name}.pem`) });

// The answer has as many bytes as the question.
const echo = ({ body }) => {
  const content = body.messages[0].content;
  return body.stream ? { events: chatChunks([{ content: 'hel' }, { content: 'lo' }]) } : { json: chatAnswer({ content }) };
};

async function gateway_to(t, base_url, { http = {}, env = {} } = {}) {
  const home = new Home({
    config: toml({
      '': { default_provider: 'mine' }, http: { max_retries: 0, ca_file: certificates.path('authority.pem'), ...http },
      ...keyed('mine', base_url, ['chat_completions']),
    }),
    environment: { GATEWAY_TEST_KEY: KEY },
  });
  home.secrets.add(KEY);
  t.after(() => home.close());
  // One loop, and so one set of connections.
  return Gateway.start(home, { env, one_cpu: true });
}

async function front(t, { reply = echo, tls = {}, ...more } = {}) {
  const models = await startScriptedModels(reply, { tls: { ...pair('trusted'), ...tls } });
  t.after(() => models.close());
  const handshakes = []; // whether each was a short one
  models.listener.server.on('secureConnection', (socket) => handshakes.push(socket.isSessionReused()));
  return { models, handshakes, gateway: await gateway_to(t, models.base_url, more) };
}

const ask = async (gateway, body = chat()) => (await gateway.post('/v1/chat/completions', body)).json();
const ports = (requests) => new Set(requests.map(({ port }) => port)).size;
// libcurl's connection is the first; a second one, while that is open, is the gateway's own.
const is_own = ({ port }, _, [first]) => port !== first.port;

test('after the first answer the gateway keeps connections of its own, and resumes their sessions', async (t) => {
  for (const maxVersion of ['TLSv1.3', 'TLSv1.2']) {
    const { models, handshakes, gateway } = await front(t, { tls: { maxVersion } });
    for (const size of [1, 10, 1 << 20, 3_000_000, 10]) {
      const answer = await ask(gateway, chat('x'.repeat(size)));
      assert.equal(answer.choices?.[0].message.content.length, size, JSON.stringify(answer));
    }
    assert.deepEqual(models.requests().map(is_own), [false, true, true, true, true]);
    assert.equal(ports(models.requests()), 2);
    assert.equal(models.requests()[4].headers.authorization, `Bearer ${KEY}`);
    assert.equal(handshakes.length, 2);

    const many = await Promise.all(Array.from({ length: 8 }, () => ask(gateway, chat('x'.repeat(1000)))));
    for (const answer of many) assert.equal(answer.choices[0].message.content.length, 1000);
    assert.ok(handshakes.slice(2).every((resumed) => resumed), `${maxVersion}: ${handshakes}`);
  }
});

test('streams come through event by event, held back by who does not read, cut with who goes', async (t) => {
  const upstream = flood();
  let reply = echo;
  const { models, gateway } = await front(t, { reply: (...asked) => reply(...asked) });
  await ask(gateway);
  const text = async (answer) => (await answer).text();
  assert.match(await text(gateway.post('/v1/chat/completions', chat('hi', { stream: true }))), /hel[^]*lo[^]*\[DONE\]/);

  reply = upstream.reply;
  const unread = await gateway.post('/v1/chat/completions', chat('hi', { stream: true }));
  for (let i = 0; i < 20; i += 1) assert.match(await text(gateway.post('/v1/chat/completions', chat('hi', { stream: true }))), /quick[^]*\[DONE\]/);
  assert.ok(upstream.sent < upstream.count * 0.6, `${upstream.sent} of ${upstream.count} events were taken from the upstream`);
  assert.ok((await unread.text()).length > upstream.count * upstream.content.length);

  const held = gate();
  t.after(() => held.open());
  const [first, ...rest] = chatChunks([{ content: 'x' }]);
  reply = () => ({ events: [first, held, ...rest] });
  const leaving = new AbortController();
  const answer = await gateway.post('/v1/chat/completions', chat('hi', { stream: true }), { signal: leaving.signal });
  await answer.body.getReader().read();
  leaving.abort();
  await models.record.until({ disconnected: true });
  assert.ok(models.requests().map(is_own).slice(1).every((own) => own));
});

test('a kept connection that the server closed meanwhile is replaced, and the request sent once more', async (t) => {
  const { models, handshakes, gateway } = await front(t);
  await ask(gateway);
  await ask(gateway);
  for (const way of ['end', 'destroy']) {
    const { socket } = models.requests().at(-1);
    const before = handshakes.length;
    socket[way]();
    assert.equal((await ask(gateway)).choices[0].message.content, 'hi');
    assert.equal(handshakes.length, before + 1, way);
  }
  assert.deepEqual(models.requests().map(is_own), [false, true, true, true]);
});

test('a server that may not be believed any more gets nothing, and is believed again', async (t) => {
  const { models, gateway } = await front(t);
  await ask(gateway);
  await ask(gateway);
  const { server } = models.listener;
  const reasons = {
    untrusted: /not trusted.*(unable to get local issuer|self-signed)/s,
    expired: /not trusted.*expired/s,
    elsewhere: /not trusted.*(name|mismatch)/s,
  };
  for (const [name, reason] of Object.entries(reasons)) {
    const asked = models.requests().length;
    server.setSecureContext({ ...pair(name) });
    // What was kept, and the tickets with it, is of no use to a server that has a new certificate.
    server.setTicketKeys(Buffer.alloc(48, name));
    server.closeAllConnections();
    const error = await rejection(gateway.client().chat.completions.create(chat()));
    assert.equal(error.status, 503, `${error}`);
    assert.match(error.message, reason, name);
    assert.equal(models.requests().length, asked, `${name}: something was sent`);
  }
  server.setSecureContext(pair('trusted'));
  assert.equal((await ask(gateway)).choices[0].message.content, 'hi');
});

test('what libcurl believes and we do not stays with libcurl: no request is lost by that', async (t) => {
  // An address that stands in the certificate's subject alone.
  const { models, gateway } = await front(t, { tls: pair('unnamed') });
  let refused = 0;
  models.listener.server.on('tlsClientError', () => { refused += 1; });
  for (let i = 0; i < 4; i += 1) assert.equal((await ask(gateway)).choices?.[0].message.content, 'hi');
  assert.equal(ports(models.requests()), 1);
  assert.equal(refused, 1);
});

test('HTTP/2 stays libcurl\'s: one connection for all', async (t) => {
  const sockets = new Set();
  const versions = [];
  const server = createSecureServer({ ...pair('trusted'), allowHTTP1: true }, async (request, response) => {
    versions.push(request.httpVersion);
    await readBody(request);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(chatAnswer({ content: 'hi' })));
  });
  server.on('secureConnection', (socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const gateway = await gateway_to(t, `https://127.0.0.1:${server.address().port}/v1`);
  for (let i = 0; i < 4; i += 1) assert.equal((await ask(gateway)).choices[0].message.content, 'hi');
  assert.deepEqual(versions, ['2.0', '2.0', '2.0', '2.0']);
  assert.equal(sockets.size, 1);
});

test('an answer that is cut off is not taken for a whole one', async (t) => {
  const text = JSON.stringify(chatAnswer({ content: 'hi' }));
  const json = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';
  const counted = `${json}Content-Length: ${text.length}\r\n\r\n${text}`;
  const to_the_end = `${json}\r\n${text}`;
  const in_order = (bytes) => (socket) => { socket.end(bytes); };
  const cut = (bytes) => (socket) => { socket.write(bytes, () => socket._handle.close()); }; // without TLS's own end
  const answers = [];
  const sockets = new Set();
  const server = createServer(pair('trusted'), (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', () => answers.shift()(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  let gateway;
  const next = async (answer) => {
    answers.push(answer);
    const reply = await gateway.post('/v1/chat/completions', chat());
    return reply.status === 200 ? (await reply.json()).choices[0].message.content : reply.status;
  };
  const on_own_connection = async () => {
    gateway = await gateway_to(t, `https://127.0.0.1:${server.address().port}/v1`);
    assert.equal(await next(in_order(counted)), 'hi'); // libcurl's
  };
  for (const answer of [in_order(to_the_end), in_order(counted), cut(counted)]) {
    await on_own_connection();
    assert.equal(await next(answer), 'hi');
  }
  for (const [index, answer] of [cut(to_the_end), in_order(counted.slice(0, -5)), cut(counted.slice(0, -5)), in_order(''), in_order(json)].entries()) {
    await on_own_connection();
    const got = await next(answer).catch((error) => error); // a body that ends too early throws
    assert.ok(got === 503 || got instanceof Error, `${index}: ${got}`);
    assert.equal(await next(in_order(counted)), 'hi');
  }
  // What follows an answer is nobody's.
  await on_own_connection();
  const stray = (socket) => { socket.write(`${counted}HTTP/1.1 500 Stray\r\nContent-Length: 0\r\n\r\n`); };
  assert.equal(await next(stray), 503);
  assert.equal(await next(in_order(counted)), 'hi');
});
