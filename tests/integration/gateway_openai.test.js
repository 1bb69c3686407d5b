// The official client drives every endpoint of the gateway, against both plugins and both dialects of upstreams.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { drained, Gateway, keyed, rejection } from './lib/gateway.js';
import { Home, toml } from './lib/handover.js';
import { login, succeeded } from './lib/scene.js';
import {
  BREAK, callItem, chatAnswer, chatChunks, messageItem, responseAnswer, responseEvents, startScriptedModels, toolCall,
} from './lib/scripted_models.js';
import { startWorld } from './lib/world.js';

const KEY = 'sandbox-key-gateway';

async function serve(t, { tables, login: name, world, http = { max_retries: 0 } }) {
  const home = new Home({ config: toml({ ...tables, http }), environment: { GATEWAY_TEST_KEY: KEY } });
  home.secrets.add(KEY);
  if (world) home.watchSecrets(world.secrets);
  t.after(async () => {
    await world?.close();
    await home.close();
  });
  if (name) {
    const { run } = await login(home, name);
    succeeded(run);
  }
  return home;
}

// The codex plugin at the sandbox, logged in.
async function subscription(t, { tables = {}, lifetime, http = { max_retries: 0 } } = {}) {
  const world = await startWorld('sandbox', lifetime ? { want: { access_token_lifetime: lifetime } } : {});
  const home = new Home({ config: toml({ '': { default_provider: 'codex' }, ...world.codexTables(), ...tables, http }), environment: { GATEWAY_TEST_KEY: KEY } });
  home.watchSecrets(world.secrets);
  t.after(async () => {
    await home.close();
    await world.close();
  });
  const { run } = await login(home, 'codex');
  succeeded(run);
  return { world, home };
}

// One provider at a scripted upstream.
async function scripted(t, dialects, reply, { tables = {}, http } = {}) {
  const models = await startScriptedModels(reply);
  const home = await serve(t, { tables: { '': { default_provider: 'mine' }, ...keyed('mine', models.base_url, dialects), ...tables }, http });
  t.after(() => models.close());
  const gateway = await Gateway.start(home);
  return { models, home, gateway, client: gateway.client() };
}

const text = (events) => events.filter((e) => e.type === 'response.output_text.delta').map((e) => e.delta).join('');
const chatText = (chunks) => chunks.map((c) => c.choices[0]?.delta?.content ?? '').join('');

// ---- answers ----------------------------------------------------------------------------------------------------------------------

for (const upstream of ['responses', 'chat_completions']) {
  const reply = ({ body }) => {
    if (upstream === 'responses') {
      const items = [messageItem('It is sunny.')];
      return body.stream ? { events: responseEvents(items) } : { json: responseAnswer(items) };
    }
    return body.stream ? { events: chatChunks([{ content: 'It is ' }, { content: 'sunny.' }]) } : { json: chatAnswer({ content: 'It is sunny.' }) };
  };

  test(`responses, streaming and not, from an upstream of ${upstream}`, async (t) => {
    const { client, models } = await scripted(t, [upstream], reply);
    const whole = await client.responses.create({ model: 'm', input: 'weather?' });
    assert.equal(whole.output_text, 'It is sunny.');
    assert.equal(whole.status, 'completed');
    assert.equal(whole.usage.input_tokens, 7);
    const { events, error } = await drained(await client.responses.create({ model: 'm', input: 'weather?', stream: true }));
    assert.equal(error, undefined);
    assert.equal(text(events), 'It is sunny.');
    assert.equal(events[0].type, 'response.created');
    assert.equal(events.at(-1).type, 'response.completed');
    assert.equal(events.at(-1).response.usage.output_tokens, 3);
    for (const request of models.requests()) {
      assert.equal(request.headers.authorization, `Bearer ${KEY}`);
      assert.equal(request.body.model, 'm');
      assert.equal(request.headers['x-stainless-lang'], undefined);
    }
  });

  test(`chat completions, streaming and not, from an upstream of ${upstream}`, async (t) => {
    const { client } = await scripted(t, [upstream], reply);
    const messages = [{ role: 'user', content: 'weather?' }];
    const whole = await client.chat.completions.create({ model: 'm', messages });
    assert.equal(whole.choices[0].message.content, 'It is sunny.');
    assert.equal(whole.choices[0].finish_reason, 'stop');
    assert.equal(whole.usage.prompt_tokens, 7);
    const { events, error } = await drained(await client.chat.completions.create({
      model: 'm', messages, stream: true, stream_options: { include_usage: true },
    }));
    assert.equal(error, undefined);
    assert.equal(chatText(events), 'It is sunny.');
    assert.equal(events.at(-1).usage.completion_tokens, 3);
  });
}

test('where client and upstream speak alike, bytes pass untouched but for the model', async (t) => {
  const odd = '{"a":1e2 , "b":"\\u0041", "usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}';
  const { gateway, models } = await scripted(t, ['chat_completions', 'responses'], () => ({ json: JSON.parse(odd) }));
  const sent = '{ "model" : "mine/some" , "messages":[{"role":"user","content":"\\u00e9"}], "unknown_field": 1.50, "seed":12345678901234567890 }';
  const answer = await gateway.post('/v1/chat/completions', sent);
  assert.equal(answer.status, 200);
  assert.deepEqual(await answer.json(), JSON.parse(odd));
  const [request] = models.requests('/v1/chat/completions');
  assert.equal(request.text, sent.replace('mine/some', 'some'));
});

test('an upstream that has to stream: the codex plugin, both dialects of clients', async (t) => {
  const { home, world } = await subscription(t);
  const gateway = await Gateway.start(home);
  const client = gateway.client();
  const whole = await client.responses.create({ model: 'sandbox-large', input: 'good morning' });
  assert.equal(whole.output_text, 'You said: good morning');
  const chat = await client.chat.completions.create({ model: 'codex/sandbox-large', messages: [{ role: 'user', content: 'hello there' }] });
  assert.equal(chat.choices[0].message.content, 'You said: hello there');
  const { events } = await drained(await client.responses.create({ model: 'sandbox-large', input: 'a b', stream: true }));
  assert.equal(text(events), 'You said: a b');
  const chunks = await drained(await client.chat.completions.create({
    model: 'sandbox-large', messages: [{ role: 'user', content: 'c d' }], stream: true,
  }));
  assert.equal(chatText(chunks.events), 'You said: c d');
  const counts = await world.counts();
  assert.equal(counts.requests, 4);
  assert.equal(counts.max_in_flight, 1);
  await gateway.close();
});

test('a tool loop, in both dialects of clients and of upstreams', async (t) => {
  for (const upstream of ['responses', 'chat_completions']) {
    const reply = ({ body }, n) => {
      const first = n % 2 === 1;
      if (upstream === 'responses') {
        const items = first ? [callItem('call_w', 'weather', { city: 'Oslo' })] : [messageItem('Rain in Oslo.')];
        return body.stream ? { events: responseEvents(items) } : { json: responseAnswer(items) };
      }
      const call = toolCall('call_w', 'weather', { city: 'Oslo' });
      const message = first ? { tool_calls: [call] } : { content: 'Rain in Oslo.' };
      const finish = first ? 'tool_calls' : 'stop';
      if (!body.stream) return { json: chatAnswer(message, finish) };
      const deltas = first ? [{ tool_calls: [{ index: 0, ...call }] }] : [{ content: 'Rain in Oslo.' }];
      return { events: chatChunks(deltas, finish) };
    };
    const { client, models } = await scripted(t, [upstream], reply);
    const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false };

    for (const stream of [false, true]) {
      const input = [{ role: 'user', content: 'weather in Oslo?' }];
      const tools = [{ type: 'function', name: 'weather', description: 'asks', parameters, strict: true }];
      const ask = async () => {
        const made = await client.responses.create({ model: 'm', input, tools, stream });
        return stream ? (await drained(made)).events.at(-1).response : made;
      };
      const first = await ask();
      const call = first.output.find((item) => item.type === 'function_call');
      assert.equal(call.call_id, 'call_w', `${upstream} ${stream}`);
      assert.deepEqual(JSON.parse(call.arguments), { city: 'Oslo' });
      input.push(...first.output, { type: 'function_call_output', call_id: call.call_id, output: 'rain' });
      const second = await ask();
      assert.equal(second.output.find((item) => item.type === 'message').content[0].text, 'Rain in Oslo.');
    }

    for (const stream of [false, true]) {
      const messages = [{ role: 'user', content: 'weather in Oslo?' }];
      const tools = [{ type: 'function', function: { name: 'weather', description: 'asks', parameters } }];
      const ask = async () => {
        if (!stream) return client.chat.completions.create({ model: 'm', messages, tools });
        return client.chat.completions.stream({ model: 'm', messages, tools }).finalChatCompletion();
      };
      const [{ message, finish_reason }] = (await ask()).choices;
      assert.equal(finish_reason, 'tool_calls', `${upstream} ${stream}`);
      assert.equal(message.tool_calls[0].id, 'call_w');
      assert.deepEqual(JSON.parse(message.tool_calls[0].function.arguments), { city: 'Oslo' });
      messages.push(message, { role: 'tool', tool_call_id: 'call_w', content: 'rain' });
      assert.equal((await ask()).choices[0].message.content, 'Rain in Oslo.');
    }
    assert.equal(models.requests().length, 8);
    const last = JSON.stringify(models.requests().at(-1).body);
    assert.ok(last.includes('rain') && last.includes('call_w'), last);
  }
});

test('embeddings pass through where the provider has them', async (t) => {
  const data = [{ object: 'embedding', index: 0, embedding: [0.5, 1] }];
  const { client, models, home } = await scripted(t, ['responses', 'chat_completions', 'embeddings'], () => ({
    json: { object: 'list', data, model: 'e', usage: { prompt_tokens: 1, total_tokens: 1 } },
  }));
  const answer = await client.embeddings.create({ model: 'e', input: 'text', encoding_format: 'float' });
  assert.deepEqual(answer.data, data);
  const [request] = models.requests('/v1/embeddings');
  assert.deepEqual(request.body, { model: 'e', input: 'text', encoding_format: 'float' });
  assert.ok(home);
});

test('embeddings of a provider that has none', async (t) => {
  const { client, models } = await scripted(t, ['responses'], () => ({ json: {} }));
  const error = await rejection(client.embeddings.create({ model: 'e', input: 'text' }));
  assert.equal(error.status, 404);
  assert.match(error.message, /does not serve embeddings/);
  assert.equal(models.requests().length, 0);
});

test('the lines that are printed for a client make it work, as they stand', async (t) => {
  const { home, gateway, models } = await scripted(t, ['chat_completions'], ({ body }) => ({ json: chatAnswer({ content: `heard: ${body.messages[0].content}` }) }));
  const lines = async (...what) => succeeded(await home.run(['serve', ...what, '--listen', new URL(gateway.url).host], { shows: 'stdout' })).stdout;
  const environment = await lines('--print-env');
  const shell = async (script, env = {}) => (await promisify(execFile)('sh', ['-c', `${environment}${script}`], {
    cwd: fileURLToPath(new URL('.', import.meta.url)), env: { PATH: process.env.PATH, ...env }, timeout: 30000,
  })).stdout;
  const answer = JSON.parse(await shell(await lines('--print-config', 'curl')));
  assert.equal(answer.output[0].content[0].text, 'heard: Say hello');
  assert.equal(models.requests().at(-1).body.model, 'mine-model');
  home.setConfig(readFileSync(home.path('config.toml'), 'utf8').replace(/^"model" = .*\n/m, ''));
  await shell(await lines('--print-config', 'curl'));
  assert.equal(models.requests().at(-1).body.model, 'MODEL');
  const MODULE = `${await lines('--print-config', 'openai-node')}
    console.log((await client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'node' }] })).choices[0].message.content);`;
  assert.equal(await shell(`exec '${process.execPath}' --input-type=module -e "$MODULE"`, { MODULE }), 'heard: node\n');
});

// ---- models -----------------------------------------------------------------------------------------------------------------------

test('models: the default provider, the others by their prefix, aliases', async (t) => {
  const { home, world } = await subscription(t, { tables: { models: { fast: 'codex/sandbox-small' } } });
  const gateway = await Gateway.start(home);
  const client = gateway.client();
  const ids = (await client.models.list()).data.map((model) => model.id);
  assert.deepEqual(ids, ['fast', 'sandbox-large', 'sandbox-small']);
  assert.equal((await client.models.retrieve('sandbox-large')).id, 'sandbox-large');
  assert.equal((await client.models.retrieve('fast')).owned_by, 'handover');
  const error = await rejection(client.models.retrieve('nothing'));
  assert.equal(error.status, 404);
  assert.equal(error.code, 'model_not_found');
  const said = await client.responses.create({ model: 'fast', input: 'hi' });
  assert.equal(said.model, 'sandbox-small');
  assert.ok(world);
});

test('a request that names no model gets the provider\'s own', async (t) => {
  for (const upstream of ['responses', 'chat_completions']) {
    const { gateway, models } = await scripted(t, [upstream], () => ({
      json: upstream === 'responses' ? responseAnswer([messageItem('x')]) : chatAnswer({ content: 'x' }),
    }));
    const messages = [{ role: 'user', content: 'x' }];
    for (const body of [{ input: 'x' }, { input: 'x', model: null }]) assert.equal((await gateway.post('/v1/responses', body)).status, 200);
    for (const body of [{ messages }, { messages, model: '' }]) assert.equal((await gateway.post('/v1/chat/completions', body)).status, 200);
    assert.deepEqual(models.requests().map(({ body }) => body.model), Array(4).fill('mine-model'), upstream);
  }
});

test('PROVIDER/MODEL is split only at a provider', async (t) => {
  const { client, models } = await scripted(t, ['chat_completions'], () => ({ json: chatAnswer({ content: 'x' }) }));
  const ask = (model) => client.chat.completions.create({ model, messages: [{ role: 'user', content: 'x' }] });
  await ask('mine/a/b');
  await ask('other/model');
  assert.deepEqual(models.requests().map((request) => request.body.model), ['a/b', 'other/model']);
});

test('a name that the default provider lists is its own, whatever stands before the slash', async (t) => {
  const other = await startScriptedModels(() => ({ json: chatAnswer({ content: 'the other' }) }));
  t.after(() => other.close());
  const { client, models } = await scripted(t, ['chat_completions'], ({ method }) => (method === 'GET'
    ? { json: { object: 'list', data: [{ id: 'other/listed', object: 'model', created: 1, owned_by: 'x' }] } }
    : { json: chatAnswer({ content: 'the default' }) }), { tables: keyed('other', other.base_url, ['chat_completions']) });
  const ask = async (model) => (await client.chat.completions.create({ model, messages: [{ role: 'user', content: 'x' }] })).choices[0].message.content;
  assert.equal(await ask('other/listed'), 'the default');
  assert.equal(await ask('other/unlisted'), 'the other');
  assert.equal(models.requests()[0].body.model, 'other/listed');
  assert.equal(other.requests()[0].body.model, 'unlisted');
});

// ---- errors -----------------------------------------------------------------------------------------------------------------------

test('the provider\'s errors keep status, type, code and parameter', async (t) => {
  const answers = [
    { status: 400, json: { error: { message: 'too long', type: 'invalid_request_error', code: 'context_length_exceeded', param: 'input' } } },
    { status: 404, json: { error: { message: 'no such model', type: 'invalid_request_error', code: 'model_not_found', param: null } } },
    { status: 422, json: { detail: 'field n is not allowed' } },
  ];
  const { client, models } = await scripted(t, ['responses'], (_, n) => answers[n - 1]);
  const errors = [];
  for (let n = 0; n < 3; n += 1) errors.push(await rejection(client.responses.create({ model: 'm', input: 'x' })));
  assert.deepEqual(errors.map((e) => [e.status, e.type, e.code, e.param]), [
    [400, 'invalid_request_error', 'context_length_exceeded', 'input'],
    [404, 'invalid_request_error', 'model_not_found', null],
    [422, 'invalid_request_error', 'invalid_request', null],
  ]);
  assert.match(errors[2].message, /field n is not allowed/);
  assert.equal(errors[0].headers.get('x-handover-provider'), 'mine');
  assert.ok(errors[0].requestID);
  assert.equal(models.requests().length, 3);
});

test('what cannot be translated names the field', async (t) => {
  const { client, models } = await scripted(t, ['responses'], () => ({ json: {} }));
  const error = await rejection(client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'x' }], n: 2 }));
  assert.equal(error.status, 400);
  assert.equal(error.param, 'n');
  assert.equal(models.requests().length, 0);
});

test('what is left out is said: aloud once, and every time for those who listen', async (t) => {
  const { client, models, gateway } = await scripted(t, ['responses'], () => ({ json: responseAnswer([messageItem('Hello.')]) }));
  const messages = [{ role: 'user', name: 'ann', content: [{ type: 'text', text: 'Hi', cache_control: { type: 'ephemeral' } }] }];
  for (let turn = 0; turn < 3; turn += 1) {
    const { choices } = await client.chat.completions.create({ model: 'm', messages });
    messages.push(choices[0].message, { role: 'user', content: 'Go on.' });
  }
  assert.equal(models.requests().at(-1).body.input.length, 5);
  const left_out = (level) => [...gateway.run.stderr.matchAll(new RegExp(`^${level}: .* no field like "(.*)"`, 'gm'))].map(([, field]) => field);
  const fields = ['messages[].name', 'messages[].content[].cache_control'];
  await gateway.run.until(/(cache_control[^]*){3}/, 'stderr');
  assert.deepEqual(left_out('warning'), fields);
  assert.deepEqual(left_out('info'), [...fields, ...fields]);
});

test('requests that are none', async (t) => {
  const { gateway, models } = await scripted(t, ['responses'], () => ({ json: {} }));
  for (const body of ['{', '[]', '{"model":1}', '{"stream":"yes"}', '{"model":"a","model":"b"}']) {
    const answer = await gateway.post('/v1/responses', body);
    assert.equal(answer.status, 400, body);
    assert.equal((await answer.json()).error.type, 'invalid_request_error');
  }
  assert.equal(models.requests().length, 0);
});

test('a rate limit tells when, an overload is repeated here and not by the client', async (t) => {
  const busy = { error: { message: 'busy', type: 'service_unavailable_error', code: 'server_is_overloaded', param: null } };
  const { client, models } = await scripted(t, ['responses'], ({ body }) => (body.input === 'limit'
    ? { status: 429, json: { error: { message: 'slow down', type: 'requests', code: 'rate_limit_exceeded', param: null } }, headers: { 'retry-after': '90' } }
    : { status: 503, json: busy, headers: { 'retry-after-ms': '1' } }), { http: { max_retries: 1 } });
  const limited = await rejection(client.responses.create({ model: 'm', input: 'limit' }));
  assert.equal(limited.status, 429);
  assert.equal(limited.headers.get('retry-after'), '90');
  assert.equal(models.requests().length, 1);
  const overloaded = await rejection(client.responses.create({ model: 'm', input: 'x' }, { maxRetries: 2 }));
  assert.equal(overloaded.status, 503);
  assert.equal(overloaded.code, 'server_is_overloaded');
  assert.equal(overloaded.headers.get('x-should-retry'), 'false');
  assert.equal(models.requests().length, 3); // two for the second request
});

test('a stream that breaks is raised by the client, after what had come', async (t) => {
  for (const dialect of ['responses', 'chat_completions']) {
    const { client } = await scripted(t, [dialect], () => ({
      events: dialect === 'responses'
        ? [...responseEvents([messageItem('It is sunny.')]).slice(0, 5), BREAK]
        : chatChunks([{ content: 'It is ' }, BREAK]),
    }));
    const asked = {
      responses: () => client.responses.create({ model: 'm', input: 'x', stream: true }),
      chat_completions: () => client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'x' }], stream: true }),
    };
    for (const kind of ['responses', 'chat_completions']) {
      const { events, error } = await drained(await asked[kind]());
      assert.equal(kind === 'responses' ? text(events) : chatText(events), 'It is ', `${dialect} ${kind}`);
      assert.ok(error, `${dialect} ${kind}`);
    }
  }
});

test('a login that is missing is told with the way to mend it', async (t) => {
  const world = await startWorld('sandbox');
  const home = new Home({ config: toml({ '': { default_provider: 'codex' }, ...world.codexTables() }) });
  t.after(async () => { await home.close(); await world.close(); });
  const gateway = await Gateway.start(home);
  const error = await rejection(gateway.client({ maxRetries: 2 }).responses.create({ model: 'm', input: 'x' }));
  assert.equal(error.status, 401);
  assert.match(error.message, /handover auth login codex/);
});

// ---- the subscription -------------------------------------------------------------------------------------------------------------

test('a client that goes away: the upstream sees it', async (t) => {
  const { home, world } = await subscription(t);
  await world.sandbox.faults({ model_slow_ms: 60000 });
  const gateway = await Gateway.start(home);
  const stream = await gateway.client().responses.create({ model: 'sandbox-large', input: 'a b c', stream: true });
  for await (const event of stream) {
    assert.equal(event.type, 'response.created');
    break; // aborts the request
  }
  for (let n = 0; (await world.counts()).client_disconnects === 0; n += 1) assert.ok(n < 1000, 'the upstream goes on');
  await world.sandbox.faults({ reset: true });
  // The lease is free again.
  assert.equal((await gateway.client().responses.create({ model: 'sandbox-large', input: 'again' })).output_text, 'You said: again');
});

test('requests of one subscription stand in line, one at a time, and no longer than they may', async (t) => {
  const { home, world } = await subscription(t, { tables: { serve: { max_queue: 2 } } });
  await world.sandbox.faults({ model_delay_ms: 300 });
  const gateway = await Gateway.start(home);
  const client = gateway.client();
  const answers = await Promise.allSettled(Array.from({ length: 6 }, (_, n) => client.responses.create({ model: 'sandbox-large', input: `n${n}` })));
  const good = answers.filter((answer) => answer.status === 'fulfilled');
  const refused = answers.filter((answer) => answer.status === 'rejected').map((answer) => answer.reason);
  assert.equal(good.length, 3, JSON.stringify(refused.map((e) => e.message)));
  for (const error of refused) {
    assert.equal(error.status, 429);
    assert.ok(Number(error.headers.get('retry-after')) >= 1);
    assert.equal(error.headers.get('x-should-retry'), 'true');
  }
  assert.equal((await world.counts()).max_in_flight, 1);
});

test('a turn that does not come in time', async (t) => {
  const { home, world } = await subscription(t, { tables: { serve: { queue_timeout: '200ms' } } });
  await world.sandbox.faults({ model_slow_ms: 60000 });
  const gateway = await Gateway.start(home);
  const client = gateway.client();
  const first = await client.responses.create({ model: 'sandbox-large', input: 'a b c', stream: true });
  const error = await rejection(client.responses.create({ model: 'sandbox-large', input: 'second' }));
  assert.equal(error.status, 429);
  assert.match(error.message, /one request at a time/);
  first.controller.abort();
});

test('a token that the upstream has forgotten is refreshed once', async (t) => {
  const { home, world } = await subscription(t);
  const gateway = await Gateway.start(home);
  await world.fault('access_token_forgotten');
  const answer = await gateway.client().responses.create({ model: 'sandbox-large', input: 'hi' });
  assert.equal(answer.output_text, 'You said: hi');
  assert.equal((await world.counts()).refreshes, 1);
  home.keepSecrets();
});

test('a quota that is used up: the reset, no retry, and the ledger answers the next one', async (t) => {
  const { home, world } = await subscription(t);
  await world.fault('usage_limit');
  const gateway = await Gateway.start(home);
  const client = gateway.client({ maxRetries: 2 });
  for (let n = 0; n < 2; n += 1) {
    const error = await rejection(client.responses.create({ model: 'sandbox-large', input: 'hi' }));
    assert.equal(error.status, 429);
    const wait = Number(error.headers.get('retry-after'));
    assert.ok(wait > 3500 && wait <= 3600, `retry-after ${wait}`);
    assert.equal(error.headers.get('x-should-retry'), 'false');
  }
  assert.equal((await world.counts()).requests, 1);
});

// ---- fallback ---------------------------------------------------------------------------------------------------------------------

test('a fallback: from the subscription to the key that the config names, said in header and log', async (t) => {
  const models = await startScriptedModels(({ body }) => (body.stream
    ? { events: responseEvents([messageItem('from the key')]) } : { json: responseAnswer([messageItem('from the key')]) }));
  t.after(() => models.close());
  const { home, world } = await subscription(t, {
    tables: {
      serve: { fallback: ['codex', 'paid/large'] }, ...keyed('paid', models.base_url, ['responses']),
      'models.never': { provider: 'codex', model: 'sandbox-large' },
    },
  });
  const gateway = await Gateway.start(home);
  const client = gateway.client();
  const before = await client.responses.create({ model: 'sandbox-large', input: 'hi' }).withResponse();
  assert.equal(before.data.output_text, 'You said: hi');
  assert.equal(before.response.headers.get('x-handover-provider'), 'codex');
  assert.equal(before.response.headers.get('x-handover-fallback-from'), null);

  await world.fault('usage_limit');
  const after = await client.responses.create({ model: 'sandbox-large', input: 'hi' }).withResponse();
  assert.equal(after.data.output_text, 'from the key');
  assert.equal(after.response.headers.get('x-handover-provider'), 'paid');
  assert.equal(after.response.headers.get('x-handover-fallback-from'), 'codex');
  assert.equal(models.requests()[0].body.model, 'large');
  assert.match(gateway.run.stderr, /codex cannot serve it \(PROVIDER_QUOTA_EXHAUSTED/);
  const streamed = await drained(await client.responses.create({ model: 'sandbox-large', input: 'hi', stream: true }));
  assert.equal(text(streamed.events), 'from the key');

  // Nothing leads there but that.
  for (const model of ['codex/sandbox-large', 'never']) {
    const error = await rejection(client.responses.create({ model, input: 'hi' }));
    assert.equal(error.status, 429, model);
  }
  assert.equal(models.requests().length, 2);
});

test('no fallback for a request that is wrong, nor after the first byte', async (t) => {
  const second = await startScriptedModels(() => ({ json: responseAnswer([messageItem('second')]) }));
  t.after(() => second.close());
  const { client, models } = await scripted(t, ['responses'], ({ body }) => (body.stream
    ? { events: [...responseEvents([messageItem('It is sunny.')]).slice(0, 5), BREAK] }
    : { status: 400, json: { error: { message: 'no', type: 'invalid_request_error', code: 'invalid_value', param: null } } }), {
    tables: { serve: { fallback: ['other'] }, ...keyed('other', second.base_url, ['responses']) },
  });
  assert.equal((await rejection(client.responses.create({ model: 'm', input: 'x' }))).status, 400);
  const { events, error } = await drained(await client.responses.create({ model: 'm', input: 'x', stream: true }));
  assert.equal(text(events), 'It is ');
  assert.ok(error);
  assert.equal(second.requests().length, 0);
  assert.equal(models.requests().length, 2);
});

test('a failure right after a stream has begun still finds the fallback', async (t) => {
  const second = await startScriptedModels(() => ({ events: responseEvents([messageItem('second')]) }));
  t.after(() => second.close());
  const { client } = await scripted(t, ['responses'], () => ({
    events: [
      responseEvents([])[0],
      { type: 'response.failed', sequence_number: 1, response: responseAnswer([], { status: 'failed', error: { code: 'server_is_overloaded', message: 'busy' } }) },
    ],
  }), { tables: { serve: { fallback: ['other'] }, ...keyed('other', second.base_url, ['responses']) } });
  const { events, error } = await drained(await client.responses.create({ model: 'm', input: 'x', stream: true }));
  assert.equal(error, undefined);
  assert.equal(text(events), 'second');
});
