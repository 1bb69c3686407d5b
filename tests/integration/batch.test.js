// A file of requests: every line answered once, whatever interrupts it.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';

import { binary, Home, toml } from './lib/handover.js';
import { startLineServer } from './lib/line_server.js';
import { gate } from './lib/record.js';
import { failed, loggedIn, succeeded } from './lib/scene.js';

const numbers = (count) => Array.from({ length: count }, (_, n) => `line-${n}`);

// A line of input; the words are the custom_id, so that an answer shows whose it is.
function line(id, dialect = 'responses', body = {}) {
  const chat = dialect === 'chat';
  return `${JSON.stringify({
    custom_id: id, method: 'POST', url: chat ? '/v1/chat/completions' : '/v1/responses',
    body: { model: 'm', ...(chat ? { messages: [{ role: 'user', content: id }] } : { input: id }), ...body },
  })}\n`;
}

function text(answer) {
  const { body } = answer.response;
  return body.object === 'response' ? body.output[0].content[0].text : body.choices[0].message.content;
}

// A provider with a key, and the files of a batch.
async function scene(t, { concurrency = 4 } = {}) {
  const server = await startLineServer();
  const home = new Home({
    environment: { MINE_KEY: 'sandbox-key-of-the-batch' },
    config: toml({
      'providers.mine': { plugin: 'openai', base_url: server.base_url, dialects: ['responses', 'chat_completions'], concurrency },
      'providers.mine.auth.api-key': { env: ['MINE_KEY'] },
    }),
  });
  t.after(async () => {
    await home.close();
    await server.close();
  });
  return { server, home, ...files(home) };
}

function files(home, provider = 'mine') {
  const input = home.path('in.jsonl');
  const output = home.path('out.jsonl');
  const args = ['batch', input, '-o', output, '-p', provider];
  return {
    input,
    output,
    give: (lines) => writeFileSync(input, lines.join('')),
    answers: () => readFileSync(output, 'utf8').trimEnd().split('\n').filter((l) => l !== '').map((l) => JSON.parse(l)),
    batch: (more = [], options = {}) => home.run([...args, ...more], options),
    start: (more = [], options = {}) => home.start([...args, ...more], options),
  };
}

const ids = (answers) => answers.map((answer) => answer.custom_id).sort();

test('both dialects by url, each answer with its own line', async (t) => {
  const { server, give, batch, answers, output } = await scene(t);
  give([line('a'), line('b', 'chat'), '\n', line('c', 'chat', { stream: true, stream_options: { include_usage: true } }), line('d')]);
  const run = succeeded(await batch());
  assert.match(run.stderr, /4 of 4 lines answered/, String(run));
  assert.equal(run.stdout, '');
  assert.deepEqual(ids(answers()), ['a', 'b', 'c', 'd']);
  for (const answer of answers()) {
    assert.equal(answer.response.status_code, 200);
    assert.equal(answer.response.request_id, `req-${answer.custom_id}`);
    assert.equal(text(answer), answer.custom_id);
    assert.equal(answer.error, null);
    assert.match(answer.id, /^batch_req_/);
  }
  assert.equal(statSync(output).mode & 0o777, 0o600);
  assert.equal(existsSync(`${output}.state`), false, 'nothing is left to say');
  succeeded(await batch());
  assert.equal(server.requests, 4, 'answered lines are never sent again');
});

test('a thousand lines, killed twenty times at random', async (t) => {
  const { server, give, batch, start, answers, output } = await scene(t, { concurrency: 8 });
  const all = numbers(1000);
  give(all.map((id) => line(id)));
  server.delay = 5;
  const inFlight = new Map(); // id -> how often a kill found it in flight and unanswered
  let said = 0;
  let left = 0;
  for (let round = 0; round < 20; round += 1) {
    const run = start([], { quiet: true });
    // Requests of the run before may arrive still: they are not to end this one before it has begun.
    if (left > 0) await run.until(/in flight when an earlier run ended/);
    const before = server.requests;
    // Somewhere within the next 45 requests, so that twenty rounds stay below a thousand.
    const target = before + 1 + Math.floor(Math.random() * 45);
    await new Promise((resolve) => {
      server.arrived = () => { if (server.requests >= target) resolve(); };
    });
    run.kill('SIGKILL');
    await run.end();
    said += again(run);
    const answered = new Set(readFileSync(output, 'utf8').split('\n').slice(0, -1).map((l) => JSON.parse(l).custom_id));
    left = 0;
    for (const n of readFileSync(`${output}.state`, 'utf8').match(/[1-9]\d*/g) ?? []) {
      const id = `line-${Number(n) - 1}`;
      if (answered.has(id)) continue;
      left += 1;
      inFlight.set(id, (inFlight.get(id) ?? 0) + 1);
    }
  }
  server.arrived = () => {};
  const last = succeeded(await batch([], { quiet: true }));
  said += again(last);

  assert.deepEqual(ids(answers()), [...all].sort(), 'every line answered once');
  const expected = [...inFlight.values()].reduce((sum, times) => sum + times, 0);
  const repeated = server.requests - 1000;
  t.diagnostic(`${repeated} lines sent again, ${expected} were in flight at a kill`);
  assert.equal(said, expected, 'what was sent again was said');
  // A line is noted before it is sent, so a kill between the two says one too many, never one too few.
  assert.ok(repeated > 0 && repeated <= expected, `${repeated} of ${expected}`);
  for (const id of all) {
    const most = 1 + (inFlight.get(id) ?? 0);
    assert.ok(server.seen.get(id) >= 1 && server.seen.get(id) <= most, `${id}: sent ${server.seen.get(id)} times, at most ${most}`);
  }
});

// The same with kills that find every noted request at the server: then the two counts are one.
test('killed twenty times while all that is noted has arrived: what is sent again is what OUTPUT.state said', async (t) => {
  const workers = 8;
  const { server, give, batch, start, answers, output } = await scene(t, { concurrency: workers });
  const all = numbers(1000);
  give(all.map((id) => line(id)));
  let noted = 0;
  let said = 0;
  for (let round = 0; round < 20; round += 1) {
    const held = gate();
    const served = Math.floor(Math.random() * 40);
    const before = server.requests;
    const full = new Promise((resolve) => {
      server.arrived = () => {
        if (server.requests <= before + served) return undefined;
        if (server.requests === before + served + workers) resolve();
        return held.opened;
      };
    });
    const run = start([], { quiet: true });
    await full;
    run.kill('SIGKILL');
    await run.end();
    held.open();
    said += again(run);
    const answered = new Set(readFileSync(output, 'utf8').split('\n').slice(0, -1).map((l) => JSON.parse(l).custom_id));
    const inFlight = readFileSync(`${output}.state`, 'utf8').match(/[1-9]\d*/g).map((n) => `line-${Number(n) - 1}`);
    assert.equal(inFlight.length, workers);
    for (const id of inFlight) assert.equal(answered.has(id), false, `${id} is in flight`);
    noted += inFlight.length;
    assert.equal(server.requests, answered.size + noted, 'answered, or noted at one of the kills');
  }
  server.arrived = () => {};
  said += again(succeeded(await batch([], { quiet: true })));
  assert.deepEqual(ids(answers()), [...all].sort(), 'every line answered once');
  assert.equal(server.requests - 1000, noted);
  assert.equal(said, noted);
});

// What a run says that it sent again.
function again(run) {
  return Number(/^(\d+) lines? (?:was|were) in flight/m.exec(run.stderr)?.[1] ?? 0);
}

test('Ctrl-C: 130, and the next run says what it sends again', async (t) => {
  const { server, give, batch, start, answers } = await scene(t, { concurrency: 3 });
  give(numbers(20).map((id) => line(id)));
  const held = gate();
  const three = new Promise((resolve) => {
    server.arrived = () => {
      if (server.requests === 8) resolve();
      return server.requests > 5 ? held.opened : undefined;
    };
  });
  const run = start();
  await three;
  run.kill('SIGINT');
  await run.end();
  assert.equal(run.code, 130, String(run));
  held.open();
  server.arrived = () => {};
  const on = succeeded(await batch());
  assert.equal(again(on), 3, String(on));
  assert.deepEqual(ids(answers()), [...numbers(20)].sort());
  assert.equal(server.requests, 23);
});

test('a torn last line is cut off and its request sent again', async (t) => {
  const { give, batch, answers, output } = await scene(t);
  give([line('a'), line('b')]);
  succeeded(await batch());
  const whole = readFileSync(output, 'utf8');
  writeFileSync(output, whole.slice(0, -20));
  const run = succeeded(await batch());
  assert.match(run.stderr, /torn last line/);
  assert.deepEqual(ids(answers()), ['a', 'b']);
});

test('bad input: every bad line by number, nothing sent, nothing written', async (t) => {
  const { server, give, batch, output } = await scene(t);
  give([line('a'), '{"custom_id": "b"}\n', 'no json\n', line('c'), line('a'), line('d').replace('/v1/responses', '/v1/embeddings')]);
  const run = failed(await batch(), { exit: 2, code: 'BATCH_INPUT_INVALID' });
  for (const number of [2, 3, 6]) assert.match(run.stderr, new RegExp(`\\b${number}\\b`), String(run));
  assert.match(run.stderr, /"a"|custom_id/);
  assert.equal(server.requests, 0);
  assert.equal(existsSync(output), false);

  give([line('a'), line('b'), line('a')]);
  failed(await batch(), { exit: 2, code: 'BATCH_INPUT_INVALID', says: /\b3\b/ });
});

test('failed lines: 7, kept with their answer, sent again only with --retry-failed', async (t) => {
  const { server, give, batch, answers } = await scene(t);
  give(['a', 'b', 'c'].map((id) => line(id)));
  server.special.set('b', { once: true, status: 400, json: { error: { message: 'too long', code: 'context_length_exceeded' } } });
  const first = await batch();
  assert.equal(first.code, 7, String(first));
  assert.match(first.stderr, /3 of 3 lines answered, 1 of them failed/);
  const refused = answers().find((answer) => answer.custom_id === 'b');
  assert.equal(refused.response.status_code, 400);
  assert.equal(refused.response.request_id, 'req-b');
  assert.equal(refused.response.body.error.code, 'context_length_exceeded');

  assert.equal((await batch()).code, 7, 'they still are failed');
  assert.equal(server.requests, 3);
  succeeded(await batch(['--retry-failed']));
  assert.equal(server.requests, 4);
  assert.deepEqual(ids(answers()), ['a', 'b', 'c'], 'one line each');
  assert.equal(text(answers().find((answer) => answer.custom_id === 'b')), 'b');
});

test('stdin, and a line without a model', async (t) => {
  const { server, home, output, answers } = await scene(t);
  let model;
  server.arrived = (words, body) => { model = body.model; };
  const input = line('a', 'chat', { model: undefined });
  succeeded(await home.run(['batch', '-', '-o', output, '-p', 'mine', '-m', 'mine-1'], { input }));
  assert.deepEqual(ids(answers()), ['a']);
  assert.equal(model, 'mine-1');
});

test('a refused key ends it: 4, and the rest is kept for another time', async (t) => {
  const { server, give, batch } = await scene(t, { concurrency: 1 });
  give(numbers(10).map((id) => line(id)));
  server.special.set('line-3', { status: 401, json: { error: { message: 'no', code: 'invalid_api_key' } } });
  failed(await batch(), { exit: 4, code: 'AUTH_DENIED', fix: /7 lines remain/ });
  assert.equal(server.requests, 4);
  server.special.clear();
  succeeded(await batch());
  assert.equal(server.requests, 11);
});

test('one output, one batch at a time', async (t) => {
  const { server, give, start, batch } = await scene(t);
  give([line('a')]);
  const held = gate();
  const there = new Promise((resolve) => { server.arrived = () => { resolve(); return held.opened; }; });
  const first = start();
  await there;
  failed(await batch(), { exit: 4, code: 'STORE_IO', says: /another batch/ });
  held.open();
  succeeded(await first.end());
  assert.equal(server.requests, 1);
});

test('what cannot be an output, or a number of requests', async (t) => {
  const { home, input, give, batch, output } = await scene(t);
  give([line('a')]);
  failed(await home.run(['batch', input, '-o', input, '-p', 'mine']), { exit: 2, code: 'USAGE' });
  failed(await batch(['--concurrency', '0']), { exit: 2, code: 'USAGE' });
  writeFileSync(output, 'some notes of mine\n');
  const kept = await batch();
  assert.notEqual(kept.code, 0, String(kept));
  assert.equal(readFileSync(output, 'utf8'), 'some notes of mine\n');
});

test('a subscription runs one at a time, and says so', async (t) => {
  const { world, home } = await loggedIn(t, 'sandbox', { config: (w) => w.codexConfig() }, 'codex');
  const { give, batch, answers } = files(home, 'codex');
  give(numbers(12).map((id) => line(id)));
  const run = succeeded(await batch(['--concurrency', '8']));
  assert.match(run.stderr, /8.*(subscription|one request)/, String(run));
  assert.equal((await world.counts()).max_in_flight, 1);
  for (const answer of answers()) assert.ok(text(answer).includes(answer.custom_id));
});

test('a dialect that the provider does not speak', async (t) => {
  const { world, home } = await loggedIn(t, 'sandbox', { config: (w) => w.codexConfig() }, 'codex');
  const { give, batch } = files(home, 'codex');
  give([line('a', 'chat')]);
  failed(await batch(), { exit: 2, code: 'USAGE', says: /chat\/completions/ });
  assert.equal((await world.counts()).requests, 0);
});

test('a quota stop: 5, what remains and when; the ledger holds the next run back', async (t) => {
  const { world, home } = await loggedIn(t, 'sandbox', { config: (w) => w.codexConfig() }, 'codex');
  const { give, batch, answers } = files(home, 'codex');
  give(numbers(5).map((id) => line(id)));
  await world.fault('usage_limit');
  const stopped = failed(await batch(), { exit: 5, code: 'PROVIDER_QUOTA_EXHAUSTED', fix: /5 lines remain/ });
  assert.match(stopped.stderr, /until \d{4}-\d\d-\d\dT/);
  assert.equal((await world.counts()).requests, 1);
  await world.fault('usage_limit', false);
  failed(await batch(), { exit: 5, code: 'PROVIDER_QUOTA_EXHAUSTED' });
  assert.equal((await world.counts()).requests, 1, 'nothing is sent while it is known to be used up');
  succeeded(await home.run(['limits', 'codex', '--clear']));
  succeeded(await batch());
  assert.deepEqual(ids(answers()), [...numbers(5)].sort());
});

test('a stream that breaks off, or ends in a failure, is a failed line', async (t) => {
  const { world, home } = await loggedIn(t, 'sandbox', { config: (w) => w.codexConfig() }, 'codex');
  const { give, batch, answers } = files(home, 'codex');
  give(numbers(4).map((id) => line(id)));
  await world.sandbox.faults({ model_drop_mid_stream: { count: 1 } });
  assert.equal((await batch()).code, 7);
  const [broken, ...rest] = answers();
  assert.equal(broken.response, null);
  assert.equal(broken.error.code, 'PROVIDER_UNAVAILABLE');
  assert.equal(rest.every((answer) => answer.error === null), true);
  await world.sandbox.faults({ reset: true, model_error_event: { count: 1, value: 'server_error' } });
  assert.equal((await batch(['--retry-failed'])).code, 7);
  succeeded(await batch(['--retry-failed']));
  assert.deepEqual(ids(answers()), numbers(4));
  assert.equal(answers().every((answer) => answer.error === null), true);
  assert.equal((await world.counts()).requests, 6);
});

test('a rate limit of minutes stops the batch instead of failing every line', async (t) => {
  const { server, give, batch } = await scene(t, { concurrency: 1 });
  give(numbers(5).map((id) => line(id)));
  server.special.set('line-2', {
    once: true, status: 429, headers: { 'retry-after': '120' }, json: { error: { message: 'slow down', code: 'rate_limit_exceeded' } },
  });
  failed(await batch(), { exit: 5, code: 'PROVIDER_RATE_LIMITED', fix: /3 lines remain/ });
  assert.equal(server.requests, 3);
  succeeded(await batch());
});

test('--wait sits a quota out', async (t) => {
  const { world, home } = await loggedIn(t, 'sandbox', { config: (w) => w.codexConfig() }, 'codex');
  const { give, batch } = files(home, 'codex');
  give(numbers(3).map((id) => line(id)));
  await world.sandbox.faults({ model_429_usage_limit: { count: 1, value: 2 } });
  const run = succeeded(await batch(['--wait']));
  assert.match(run.stderr, /waiting until/);
  assert.equal((await world.counts()).requests, 4);
});

// Nearly all of them are answered already: what costs memory is knowing that.
test('a hundred thousand lines in little memory', async (t) => {
  const { server, give, start, output } = await scene(t);
  const all = numbers(100000);
  give(all.map((id) => line(id, 'responses', { padding: 'x'.repeat(200) })));
  const answered = (id) => `${JSON.stringify({
    id: 'batch_req_1', custom_id: id, response: { status_code: 200, request_id: 'r', body: { text: 'y'.repeat(200) } }, error: null,
  })}\n`;
  writeFileSync(output, all.slice(0, -300).map(answered).join(''), { mode: 0o600 });
  let peak = 0;
  const run = start([], { quiet: true });
  server.arrived = () => {
    const status = readFileSync(`/proc/${run.child.pid}/status`, 'utf8');
    peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)[1]) / 1024);
  };
  succeeded(await run.end());
  assert.equal(server.requests, 300);
  t.diagnostic(`peak ${peak.toFixed(1)} MB`);
  if (readFileSync(binary('HANDOVER_BIN')).includes('__asan_init')) return; // its shadow counts too
  assert.ok(peak < 64, `${peak} MB`);
});
