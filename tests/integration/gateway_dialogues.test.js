// Streamed dialogues of the official client across the gateway's translation, both ways, and through the codex plugin: tools with the
// pieces of their arguments, whole loops of two turns, structured output, thoughts, usage.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Gateway, keyed } from './lib/gateway.js';
import { Home, toml } from './lib/handover.js';
import { login, succeeded } from './lib/scene.js';
import {
  callItem, chatAnswer, chatChunks, messageItem, pieces, reasoningItem, responseAnswer, responseEvents, startScriptedModels,
} from './lib/scripted_models.js';
import { startWorld } from './lib/world.js';

const KEY = 'sandbox-key-dialogues';
const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false };
const schema = { type: 'object', properties: { sky: { type: 'string' }, degrees: { type: 'number' } }, required: ['sky', 'degrees'], additionalProperties: false };
const report = { sky: 'grey', degrees: 7 };

// What the model does in one turn, written by an upstream of either dialect: {thought, calls: [[id, city]], text}.
function inResponses({ thought, calls = [], text }, body) {
  const items = [
    ...(thought ? [reasoningItem(thought)] : []), ...(text ? [messageItem(text)] : []),
    ...calls.map(([id, city]) => callItem(id, 'weather', { city })),
  ];
  return body.stream ? { events: responseEvents(items) } : { json: responseAnswer(items) };
}

// As the codex backend can: its last event has none of the items.
function inCodex(turn, body) {
  const { events } = inResponses(turn, body);
  const end = events.at(-1);
  return { events: [...events.slice(0, -1), { ...end, response: { ...end.response, output: [] } }] };
}

function inChat({ thought, calls = [], text }, body) {
  const whole = calls.map(([id, city]) => ({ id, type: 'function', function: { name: 'weather', arguments: JSON.stringify({ city }) } }));
  const finish = calls.length > 0 ? 'tool_calls' : 'stop';
  if (!body.stream) return { json: chatAnswer({ content: text ?? null, ...(thought && { reasoning_content: thought }), ...(whole.length && { tool_calls: whole }) }, finish) };
  const fragments = whole.flatMap((call, index) => [
    { tool_calls: [{ index, ...call, function: { name: 'weather', arguments: '' } }] },
    ...pieces(call.function.arguments).map((piece) => ({ tool_calls: [{ index, function: { arguments: piece } }] })),
  ]);
  return {
    events: chatChunks([
      ...pieces(thought ?? '').map((piece) => ({ reasoning_content: piece })), ...pieces(text ?? '').map((content) => ({ content })), ...fragments,
    ], finish),
  };
}

const UPSTREAMS = {
  responses: { write: inResponses, path: '/v1/responses' },
  chat_completions: { write: inChat, path: '/v1/chat/completions' },
  codex: { write: inCodex, path: '/backend/responses' }, // the plugin itself, with a login, before an upstream that must stream
};

// A gateway before an upstream that takes its turns one after the other.
async function dialogue(t, upstream, turns) {
  const { write } = UPSTREAMS[upstream];
  let turn = 0;
  const models = await startScriptedModels(({ body }) => write(turns[turn++], body));
  const world = upstream === 'codex' ? await startWorld('sandbox') : undefined;
  models.accepts = world ? /^Bearer ey/ : models.accepts;
  const home = new Home({
    config: toml({
      '': { default_provider: world ? 'codex' : 'mine' }, http: { max_retries: 0 },
      ...(world ? world.codexTables({}, { base_url: models.base_url.replace(/v1$/, 'backend') }) : keyed('mine', models.base_url, [upstream])),
    }),
    environment: { GATEWAY_TEST_KEY: KEY },
  });
  home.secrets.add(KEY);
  if (world) home.watchSecrets(world.secrets);
  t.after(async () => {
    await home.close();
    await models.close();
    await world?.close();
  });
  if (world) succeeded((await login(home, 'codex')).run);
  const gateway = await Gateway.start(home);
  return { models, client: gateway.client(), sent: () => models.requests(UPSTREAMS[upstream].path).map(({ body }) => body) };
}

// A stream of the Responses client, all of it: the pieces by what they belong to, and the final object as the client puts it together.
async function responded(client, body) {
  const stream = client.responses.stream({ model: 'm', ...body });
  const deltas = { text: [], thoughts: [], calls: new Map() };
  const types = [];
  let before = -1;
  for await (const event of stream) {
    types.push(event.type);
    assert.ok(event.sequence_number > before, 'events are numbered');
    before = event.sequence_number;
    if (event.type === 'response.output_text.delta') deltas.text.push(event.delta);
    if (/^response\.reasoning(_summary)?_text\.delta$/.test(event.type)) deltas.thoughts.push(event.delta);
    if (event.type === 'response.function_call_arguments.delta') {
      deltas.calls.set(event.output_index, [...(deltas.calls.get(event.output_index) ?? []), event.delta]);
    }
  }
  assert.equal(types[0], 'response.created');
  assert.equal(types.at(-1), 'response.completed');
  return { deltas, final: await stream.finalResponse() };
}

const said = (response) => response.output.filter((item) => item.type === 'message').map((item) => item.content[0].text).join('\n');

async function chatted(client, body) {
  const stream = client.chat.completions.stream({ model: 'm', stream_options: { include_usage: true }, ...body });
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  const of = (name) => chunks.map((chunk) => chunk.choices[0]?.delta?.[name]).filter(Boolean);
  return { chunks, deltas: { text: of('content'), thoughts: of('reasoning_content'), calls: of('tool_calls').flat() }, final: await stream.finalChatCompletion() };
}

const loop = [
  { thought: 'Two cities, two questions.', calls: [['call_o', 'Oslo'], ['call_b', 'Bergen, by the sea']] },
  { text: 'Rain in both.' },
];
const answers = { Oslo: 'rain, 7 degrees', 'Bergen, by the sea': 'rain, 9 degrees' };

for (const upstream of Object.keys(UPSTREAMS)) {
  describe(`an upstream of ${upstream}`, { concurrency: 2 }, () => {
    test('a client of Responses: thoughts, two calls in pieces, their results, the answer', async (t) => {
      const { client, sent } = await dialogue(t, upstream, loop);
      const tools = [{ type: 'function', name: 'weather', description: 'asks', parameters, strict: true }];
      const input = [{ role: 'user', content: 'How is it in Oslo and Bergen?' }];
      const asked = await responded(client, { input, tools });
      assert.equal(asked.deltas.thoughts.join(''), loop[0].thought);
      assert.ok(asked.deltas.thoughts.length > 1);
      const calls = asked.final.output.filter((item) => item.type === 'function_call');
      assert.deepEqual(calls.map((call) => [call.call_id, call.name, JSON.parse(call.arguments)]), loop[0].calls.map(([id, city]) => [id, 'weather', { city }]));
      calls.forEach((call) => {
        const parts = asked.deltas.calls.get(asked.final.output.indexOf(call));
        assert.ok(parts.length > 1, 'in pieces');
        assert.equal(parts.join(''), call.arguments);
      });
      assert.equal(asked.final.output[0].type, 'reasoning');

      input.push(...asked.final.output, ...calls.map((call) => (
        { type: 'function_call_output', call_id: call.call_id, output: answers[JSON.parse(call.arguments).city] })));
      const told = await responded(client, { input, tools });
      assert.equal(said(told.final), 'Rain in both.');
      assert.equal(told.deltas.text.join(''), 'Rain in both.');
      assert.deepEqual([told.final.usage.input_tokens, told.final.usage.output_tokens, told.final.usage.total_tokens], [7, 3, 10]);

      const [, second] = sent();
      for (const words of ['call_o', 'call_b', 'rain, 7 degrees', 'rain, 9 degrees']) assert.ok(JSON.stringify(second).includes(words), words);
      assert.equal(second.stream, true);
    });

    test('a client of Chat Completions: the same loop, by its own tool runner', async (t) => {
      const { client, sent } = await dialogue(t, upstream, loop);
      const asked = [];
      const runner = client.chat.completions.runTools({
        model: 'm', stream: true, messages: [{ role: 'user', content: 'How is it in Oslo and Bergen?' }],
        tools: [{
          type: 'function',
          function: { name: 'weather', description: 'asks', parameters, parse: JSON.parse, function: ({ city }) => { asked.push(city); return answers[city]; } },
        }],
      });
      const chunks = [];
      for await (const chunk of runner) chunks.push(chunk);
      assert.equal(await runner.finalContent(), 'Rain in both.');
      assert.deepEqual(asked, loop[0].calls.map(([, city]) => city));
      const fragments = chunks.flatMap((chunk) => chunk.choices[0]?.delta?.tool_calls ?? []);
      assert.deepEqual(fragments.filter((call) => call.id).map((call) => [call.index, call.id]), [[0, 'call_o'], [1, 'call_b']]);
      for (const index of [0, 1]) {
        const parts = fragments.filter((call) => call.index === index && call.function?.arguments).map((call) => call.function.arguments);
        assert.ok(parts.length > 1, 'in pieces');
        assert.deepEqual(JSON.parse(parts.join('')), { city: loop[0].calls[index][1] });
      }
      const thoughts = chunks.map((chunk) => chunk.choices[0]?.delta?.reasoning_content ?? '').join('');
      if (upstream !== 'chat_completions') assert.equal(thoughts, loop[0].thought);
      const [, second] = sent();
      for (const words of ['call_o', 'call_b', 'rain, 7 degrees', 'rain, 9 degrees']) assert.ok(JSON.stringify(second).includes(words), words);
    });

    test('structured output, streamed, in both of the client\'s dialects', async (t) => {
      const turn = { text: JSON.stringify(report) };
      const { client, sent } = await dialogue(t, upstream, [turn, turn, turn, turn]);
      const format = { type: 'json_schema', name: 'report', schema, strict: true };
      const response = await responded(client, { input: 'How is it?', text: { format } });
      assert.deepEqual(JSON.parse(said(response.final)), report);
      const response_format = { type: 'json_schema', json_schema: { name: 'report', schema, strict: true } };
      const messages = [{ role: 'user', content: 'How is it?' }];
      const chat = await chatted(client, { messages, response_format });
      assert.deepEqual(JSON.parse(chat.final.choices[0].message.content), report);
      assert.deepEqual(JSON.parse((await client.responses.create({ model: 'm', input: 'How is it?', text: { format } })).output_text), report);
      assert.deepEqual(JSON.parse((await client.chat.completions.create({ model: 'm', messages, response_format })).choices[0].message.content), report);
      for (const body of sent()) {
        const asked = upstream === 'chat_completions' ? body.response_format.json_schema : body.text.format;
        assert.deepEqual([asked.name, asked.schema, asked.strict], ['report', schema, true]);
      }
    });

    test('the last chunk has the usage, and only if it was asked for', async (t) => {
      const { client } = await dialogue(t, upstream, [{ text: 'It is sunny.' }, { text: 'It is sunny.' }]);
      const messages = [{ role: 'user', content: 'weather?' }];
      const { chunks, deltas } = await chatted(client, { messages });
      assert.equal(deltas.text.join(''), 'It is sunny.');
      assert.deepEqual(chunks.at(-1).choices, []);
      const { prompt_tokens, completion_tokens, total_tokens } = chunks.at(-1).usage;
      assert.deepEqual([prompt_tokens, completion_tokens, total_tokens], [7, 3, 10]);
      assert.ok(chunks.slice(0, -1).every((chunk) => !chunk.usage));
      if (upstream === 'chat_completions') return; // its own chunks, untouched
      const without = await chatted(client, { messages, stream_options: undefined });
      assert.ok(without.chunks.every((chunk) => !chunk.usage && chunk.choices.length === 1));
    });
  });
}
