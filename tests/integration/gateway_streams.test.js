// Streams while time passes: each event as it comes, clients that go, are slow or stop reading, upstreams that think and upstreams that
// are dead.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { test } from 'node:test';

import { chat, front, openStream, standing } from './lib/front.js';
import { drained, Gateway, keyed, rejection } from './lib/gateway.js';
import { Home, toml } from './lib/handover.js';
import { post, raw } from './lib/raw.js';
import { gate, within } from './lib/record.js';
import { chatChunks, flood, messageItem, responseEvents, startScriptedModels } from './lib/scripted_models.js';

const KEY = 'sandbox-key-streams';
const TOO_LONG = 30000; // ms

test('a client that goes takes its upstream request with it', async (t) => {
  const { held, reply } = standing();
  t.after(() => held.open());
  const { models, gateway } = await front(t, { reply });
  for (const way of ['destroy', 'resetAndDestroy', 'end']) {
    const before = models.record.count({ disconnected: true });
    const stream = await openStream(t, gateway);
    stream.socket[way]();
    await models.record.until({ disconnected: true }, { n: before + 1 });
  }
});

test('a client that does not read holds its own upstream back, and nobody else', async (t) => {
  const upstream = flood();
  const { gateway } = await front(t, { reply: upstream.reply });
  const body = JSON.stringify({ ...chat, stream: true });
  const slow = request(`${gateway.url}/v1/chat/completions`, { method: 'POST', agent: false, headers: { 'x-api-key': gateway.key } });
  t.after(() => slow.destroy());
  slow.end(body);
  const [answer] = await once(slow, 'response'); // nothing of its body is read
  for (let i = 0; i < 20; i += 1) assert.match(await (await gateway.post('/v1/chat/completions', body)).text(), /quick[^]*\[DONE\]/);
  assert.ok(upstream.sent < upstream.count * 0.6, `${upstream.sent} of ${upstream.count} events were taken from the upstream`);
  let bytes = 0;
  let last = '';
  for await (const piece of answer) {
    bytes += piece.length;
    last = (last + piece).slice(-40);
  }
  assert.ok(bytes > upstream.count * upstream.content.length);
  assert.match(last, /data: \[DONE\]\n\n$/);
  assert.equal(upstream.sent, upstream.count);
});

test('a client that has stopped reading loses its connection, and its upstream request ends', async (t) => {
  const upstream = flood();
  const { models, gateway } = await front(t, { reply: upstream.reply, serve: { stall_timeout: '400ms' } });
  const stuck = request(`${gateway.url}/v1/chat/completions`, { method: 'POST', agent: false, headers: { 'x-api-key': gateway.key } });
  t.after(() => stuck.destroy());
  stuck.on('error', () => {});
  stuck.end(JSON.stringify({ ...chat, stream: true }));
  const [answer] = await once(stuck, 'response'); // nothing of its body is read
  answer.on('error', () => {});
  await models.record.until({ disconnected: true });
  assert.ok(upstream.sent < upstream.count);
  await gateway.run.until(/path=\/v1\/chat\/completions status=200 [^\n]*ended=early/);
});

test('a silent stream is kept alive by comments between its events', async (t) => {
  const { held, reply } = standing();
  const { gateway } = await front(t, { reply, serve: { stream_keep_alive: '200ms' } });
  const stream = await openStream(t, gateway);
  await stream.until(/: keep-alive\n\n/);
  held.open();
  await stream.until(/\[DONE\]/);
  const plain = stream.received.slice(stream.received.indexOf('\r\n\r\n') + 4).replace(/\r\n[0-9a-f]+\r\n/g, '').replace(/^[0-9a-f]+\r\n/, '');
  const events = plain.split('\n\n').filter((event) => event.startsWith('data: {'));
  for (const event of events) JSON.parse(event.slice('data: '.length));
  assert.ok(events.length >= 4);
});

// ---- each event as it comes -----------------------------------------------------------------------------------------------------------

// The events of an upstream with a gate behind each piece of its text.
const PIECES = ['a ', 'b ', 'c'];
const UPSTREAMS = {
  responses: () => responseEvents([messageItem(PIECES.join(''))]),
  chat_completions: () => chatChunks(PIECES.map((content) => ({ content }))),
};
const pieceOf = (event) => (event.type ? event.type === 'response.output_text.delta' && event.delta : event.choices?.[0]?.delta?.content);
const asked = {
  responses: (client, model) => client.responses.create({ model, input: 'x', stream: true }),
  chat_completions: (client, model) => client.chat.completions.create({ model, messages: [{ role: 'user', content: 'x' }], stream: true }),
};

for (const theirs of Object.keys(UPSTREAMS)) {
  for (const ours of Object.keys(asked)) {
    test(`each event reaches a client of ${ours} as it comes from an upstream of ${theirs}`, async (t) => {
      const gates = PIECES.map(() => gate());
      const closed = [...gates];
      const models = await startScriptedModels(() => ({
        events: UPSTREAMS[theirs]().flatMap((event) => (pieceOf(event) ? [event, closed.shift()] : [event])),
      }));
      const home = new Home({
        config: toml({ '': { default_provider: 'mine' }, http: { max_retries: 0 }, ...keyed('mine', models.base_url, [theirs]) }),
        environment: { GATEWAY_TEST_KEY: KEY },
      });
      home.secrets.add(KEY);
      t.after(async () => {
        for (const one of gates) one.open();
        await home.close();
        await models.close();
      });
      const gateway = await Gateway.start(home);
      const said = [];
      const all = (async () => {
        for await (const event of await asked[ours](gateway.client(), 'm')) {
          const piece = pieceOf(event);
          if (piece) gates[said.push(piece) - 1].open(); // what follows is not there before
        }
      })();
      await within(TOO_LONG, all, () => `the end of it after ${JSON.stringify(said)}`);
      assert.deepEqual(said, PIECES);
    });
  }
}

// Neither a length nor chunks: the end of the connection is the end of the body, whatever it means.
for (const theirs of Object.keys(UPSTREAMS)) {
  for (const ours of Object.keys(asked)) {
    test(`an upstream of ${theirs} that closes before the end of its answer has not answered a client of ${ours}`, async (t) => {
      const whole = UPSTREAMS[theirs]();
      let events = whole;
      const { gateway } = await front(t, { reply: () => ({ events, framing: 'close' }), dialects: [theirs] });
      const said = async () => {
        const { events: got, error } = await drained(await asked[ours](gateway.client(), 'm'));
        return [got.map((event) => pieceOf(event) || '').join(''), error?.code];
      };
      assert.deepEqual(await said(), [PIECES.join(''), undefined]);
      events = whole.slice(0, theirs === 'responses' ? -1 : -3); // the reason to finish, the usage, [DONE]
      assert.deepEqual(await said(), [PIECES.join(''), 'stream_broken_off']);
      await gateway.run.until(/error=stream_broken_off/);
    });
  }
}

// ---- thinking and dead ----------------------------------------------------------------------------------------------------------------

const SHORT = '700ms';
const LONG = '10m';
const askedFor = (text) => ({ ...chat, messages: [{ role: 'user', content: text }], stream: true });

// A stream that stops in the middle, to its end.
async function died(gateway) {
  const stream = await gateway.client().chat.completions.create(askedFor('dead'));
  return within(TOO_LONG, drained(stream), 'the end of a stream that is dead');
}

// An upstream that thinks before it says anything, and one that stops in the middle.
function thinker(other) {
  const thought = gate();
  const never = gate();
  const reply = async ({ body }) => {
    const [{ content }] = body.messages;
    if (content === 'dead') return { events: chatChunks([{ content: 'one' }, never, { content: 'two' }]) };
    if (content !== 'think') return other();
    await thought.opened;
    return { events: chatChunks([{ content: 'a thought' }]) };
  };
  return { thought, never, reply };
}

test('who thinks before the answer is waited for, who stops in the middle of it is not', async (t) => {
  const { thought, never, reply } = thinker();
  t.after(() => never.open());
  const { models, gateway } = await front(t, { reply, http: { first_byte_timeout: LONG, idle_timeout: SHORT } });
  const thinking = raw(t, gateway, post(gateway, '/v1/chat/completions', askedFor('think')));
  await models.record.until({ method: 'POST' });
  const { events, error } = await died(gateway);
  assert.equal(events.map((event) => event.choices[0]?.delta.content ?? '').join(''), 'one');
  assert.equal(error.code, 'provider_unavailable');
  await models.record.until({ disconnected: true });
  // That was longer than the silence that is allowed in an answer.
  assert.deepEqual([thinking.received, thinking.ended], ['', false]);
  thought.open();
  assert.match(await thinking.body(), /"a thought"[^]*\[DONE\]/);
});

test('and the other way round: who says nothing at all is given up, who is silent in the middle is not', async (t) => {
  const { held, reply: stands } = standing();
  const { thought, reply } = thinker(stands);
  t.after(() => thought.open());
  const { models, gateway } = await front(t, { reply, http: { first_byte_timeout: SHORT, idle_timeout: LONG } });
  const stream = await openStream(t, gateway);
  const error = await within(TOO_LONG, rejection(gateway.client().chat.completions.create(askedFor('think'))), 'a refusal');
  assert.deepEqual([error.status, error.type, error.code], [503, 'service_unavailable_error', 'provider_unavailable']);
  await models.record.until({ disconnected: true });
  assert.ok(!stream.ended);
  held.open();
  await stream.until(/\[DONE\]/);
});

test('an upstream that is held back by its client is not taken for dead', async (t) => {
  const upstream = flood();
  const { never, reply } = thinker(upstream.reply);
  t.after(() => never.open());
  const { gateway } = await front(t, { reply, http: { idle_timeout: SHORT } });
  const slow = request(`${gateway.url}/v1/chat/completions`, { method: 'POST', agent: false, headers: { 'x-api-key': gateway.key } });
  t.after(() => slow.destroy());
  slow.end(JSON.stringify({ ...chat, stream: true }));
  const [answer] = await once(slow, 'response'); // nothing of its body is read
  for (let n = 0; n < 2; n += 1) { // the silence that is allowed, and as much again
    const { error } = await died(gateway);
    assert.equal(error.code, 'provider_unavailable');
  }
  assert.ok(upstream.sent < upstream.count);
  let last = '';
  for await (const piece of answer) last = (last + piece).slice(-40);
  assert.match(last, /data: \[DONE\]\n\n$/);
});
