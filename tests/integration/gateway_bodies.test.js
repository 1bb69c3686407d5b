// What stands in bodies and paths, and goes through the gateway or does not: more than it reads, bytes that are no text, answers that
// are none.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { chat, front } from './lib/front.js';
import { rejection } from './lib/gateway.js';

const MOST_VALUES = 131072;

const RESPONSES = { dialects: ['responses'] };
const completed = { type: 'response.completed', response: { id: 'resp_1', object: 'response', created_at: 1700000000, status: 'completed', model: 'm', output: [] } };
const delta = (text) => ({ type: 'response.output_text.delta', item_id: 'msg_1', output_index: 0, content_index: 0, delta: text });

test('a request of too many values is refused, and served up to there', async (t) => {
  const { models, gateway } = await front(t);
  // The body, "model" and the list are three; a message is three of its own.
  const body = (count, more = {}) => ({ model: 'm', messages: Array.from({ length: count }, () => ({ role: 'user', content: '' })), ...more });
  const most = Math.floor((MOST_VALUES - 3) / 3);
  assert.equal((await gateway.post('/v1/chat/completions', body(most))).status, 200);
  const served = models.requests().length;
  for (const path of ['/v1/chat/completions', '/v1/responses']) {
    const refused = await gateway.post(path, body(most + 1));
    assert.equal(refused.status, 400);
    const { error } = await refused.json();
    assert.equal(error.code, 'too_many_values');
    assert.match(error.message, /more than 131072 JSON values/);
  }
  assert.equal(models.requests().length, served);
});

test('an embeddings request can be of any number of tokens', async (t) => {
  const { models, gateway } = await front(t, { dialects: ['embeddings'], reply: () => ({ json: { object: 'list', data: [] } }) });
  const tokens = Array.from({ length: MOST_VALUES + 1 }, (_, n) => n);
  assert.equal((await gateway.post('/v1/embeddings', { model: 'm', input: tokens })).status, 200);
  assert.equal(models.requests('/v1/embeddings')[0].body.input.length, tokens.length);
  const texts = await gateway.post('/v1/embeddings', { model: 'm', input: tokens.map(String) });
  assert.equal(texts.status, 400);
});

test('what a path holds is repeated as text', async (t) => {
  const { gateway } = await front(t);
  for (const [path, said] of [['%ff', '\uFFFD'], ['caf%C3%A9', 'café'], ['a%00b', 'ab'], ['%zz', '%zz']]) {
    const answer = await gateway.fetch(`/v1/models/${path}`);
    assert.equal(answer.status, 404);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const { error } = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    assert.equal(error.message, `there is no model "${said}"`);
  }
});

test('what only deltas said reaches a client that does not stream', async (t) => {
  const events = [delta('pa'), delta('r'), completed];
  const { gateway } = await front(t, { ...RESPONSES, reply: () => ({ events }) });
  const completion = await gateway.client().chat.completions.create(chat);
  assert.equal(completion.choices[0].message.content, 'par');
  assert.equal(completion.choices[0].finish_reason, 'stop');
  const response = await gateway.client().responses.create({ model: 'm', input: 'hi' });
  assert.equal(response.output_text, 'par');
});

test('a page in the place of an answer: its status is said', async (t) => {
  const { gateway } = await front(t, { ...RESPONSES, reply: () => ({ text: '<!DOCTYPE html><p>Welcome', headers: { 'content-type': 'text/html' } }) });
  const error = await rejection(gateway.client().chat.completions.create(chat));
  assert.equal(error.status, 503);
  assert.match(error.message, /status 200; mine says: "an HTML page came back: /);
  assert.doesNotMatch(error.message, /status 0/);
});

test('an event that is longer than any may be is called that', async (t) => {
  const long = `"${'x'.repeat(65 << 20)}"`;
  const { gateway } = await front(t, { ...RESPONSES, reply: () => ({ events: [delta('par'), long] }) });
  const whole = await rejection(gateway.client().chat.completions.create(chat));
  assert.equal(whole.status, 503);
  assert.match(whole.message, /an event in the stream is longer than 67108864 bytes/);
  const stream = await gateway.client().chat.completions.create({ ...chat, stream: true });
  const broken = await rejection((async () => {
    for await (const chunk of stream) assert.ok(chunk.choices);
  })());
  assert.match(broken.message, /an event in the stream is longer than 67108864 bytes/);
  assert.doesNotMatch(broken.message, /cancelled/);
});

test('a conversation\'s id goes on if it is one', async (t) => {
  const { models, gateway } = await front(t, {
    ...RESPONSES, provider: { plugin: 'codex' }, auth: { kind: 'api_key', billing: 'metered' },
    reply: () => ({ events: [delta('par'), completed] }),
  });
  for (const [id, key] of [['conversation-1', 'conversation-1'], ['caf\xe9', undefined], ['two words', undefined]]) {
    const answer = await gateway.post('/v1/responses', { model: 'm', input: 'hi' }, { headers: { 'session-id': id } });
    assert.equal(answer.status, 200, await answer.text());
    const { body, headers } = models.requests().at(-1);
    assert.equal(body.prompt_cache_key, key);
    assert.equal(headers['session-id'], key);
  }
});
