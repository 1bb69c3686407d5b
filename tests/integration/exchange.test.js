// What a request survives and what it tells about it: retries, failures inside a stream, cancelling, waiting for the lease. Against
// the sandbox's codex backend, whose plugin always streams.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { failed, loggedIn, succeeded } from './lib/scene.js';

const codex = (t) => loggedIn(t, 'sandbox', { config: (w) => w.codexConfig() }, 'codex');
const run = (home, ...args) => home.run(['run', '-p', 'codex', ...args, 'say something']);

// The sandbox counts a disconnect when it next writes or reads; asked until it has.
async function counted(world, name, wanted) {
  for (;;) {
    const counts = await world.counts();
    if (counts[name] >= wanted) return counts;
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
}

test('streamed, whole and as JSON: one answer', async (t) => {
  const { world, home } = await codex(t);
  const streamed = succeeded(await run(home));
  assert.match(streamed.stdout, /say something.*\n$/s, String(streamed));
  const whole = succeeded(await run(home, '--no-stream'));
  assert.equal(whole.stdout, streamed.stdout);
  for (const args of [['--json'], ['--json', '--no-stream']]) {
    const answer = JSON.parse(succeeded(await run(home, ...args)).stdout);
    assert.equal(answer.status, 'completed');
    assert.equal(`${answer.output[0].content[0].text}\n`, streamed.stdout);
  }
  await world.sandbox.faults({ model_empty_output: true });
  const filled = JSON.parse(succeeded(await run(home, '--json')).stdout);
  assert.equal(`${filled.output[0].content[0].text}\n`, streamed.stdout, 'items come from the events where the end has none');
});

test('a rate limit is waited for, and said', async (t) => {
  const { world, home } = await codex(t);
  await world.sandbox.faults({ model_rate_limit: { count: 1 }, retry_after: 1 });
  const waited = succeeded(await run(home));
  assert.match(waited.stderr, /limiting the rate of requests; trying again in 1 s \(1 of 3\)/, String(waited));
  assert.equal((await world.counts()).requests, 2);
});

test('a wait of minutes is the user\'s decision', async (t) => {
  const { world, home } = await codex(t);
  await world.sandbox.faults({ model_rate_limit: true, retry_after: 120 });
  failed(await run(home), { exit: 5, code: 'PROVIDER_RATE_LIMITED', fix: /2 min/ });
  assert.equal((await world.counts()).requests, 1);
});

test('a connection that breaks before the answer: once more', async (t) => {
  const { world, home } = await codex(t);
  await world.sandbox.faults({ model_drop_connection: { count: 1 } });
  succeeded(await run(home));
  assert.equal((await world.counts()).requests, 2);
});

test('what has been shown is not asked for again', async (t) => {
  const { world, home } = await codex(t);
  for (const fault of ['model_drop_mid_stream', 'model_error_event']) {
    await world.sandbox.faults({ reset: true, [fault]: true });
    const before = (await world.counts()).requests;
    const broken = failed(await run(home), { exit: 5, code: 'PROVIDER_UNAVAILABLE' });
    assert.notEqual(broken.stdout, '');
    assert.equal(broken.stdout.endsWith('\n'), true, 'the error begins on a line of its own');
    assert.equal((await world.counts()).requests, before + 1);
  }
});

test('a page of the bot protection is no login that ended', async (t) => {
  const { world, home } = await codex(t);
  await world.sandbox.faults({ model_html: 403 });
  failed(await run(home), { exit: 5, code: 'PROVIDER_REJECTED', says: /bot protection/ });
  assert.equal((await world.counts()).requests, 1);
});

test('Ctrl-C: 130 at once, and the upstream sees it', async (t) => {
  const { world, home } = await codex(t);
  await world.sandbox.faults({ model_slow_ms: 300 });
  const cut = home.start(['run', '-p', 'codex', 'a long answer']);
  await cut.until(/\S/, 'stdout');
  cut.kill('SIGINT');
  await cut.end();
  assert.equal(cut.code, 130, String(cut));
  assert.doesNotMatch(cut.stderr, /^error:/m, 'who pressed it needs no explanation');
  await counted(world, 'client_disconnects', 1);
});

test('Ctrl-C while a retry is waited for', async (t) => {
  const { world, home } = await codex(t);
  await world.sandbox.faults({ model_rate_limit: true, retry_after: 50 });
  const waiting = home.start(['run', '-p', 'codex', 'hi']);
  await waiting.until(/trying again in 50 s/);
  waiting.kill('SIGTERM');
  await waiting.end();
  assert.equal(waiting.code, 143, String(waiting));
  assert.equal((await world.counts()).requests, 1);
});

test('who waits for the lease is told for whom, and may give up', async (t) => {
  const { world, home } = await codex(t);
  await world.sandbox.faults({ model_delay_ms: 60000 });
  const holder = home.start(['run', '-p', 'codex', 'first']);
  await counted(world, 'in_flight', 1);
  const second = home.start(['run', '-p', 'codex', 'second']);
  const [, pid] = await second.until(/waiting for another request of this subscription \(process (\d+)\)/);
  assert.equal(Number(pid), holder.child.pid);
  second.kill('SIGINT');
  await second.end();
  assert.equal(second.code, 130, String(second));

  // The kernel frees the lease of a process that is gone.
  const third = home.start(['run', '-p', 'codex', 'third']);
  await third.until(/waiting for another request/);
  await world.sandbox.faults({ reset: true });
  holder.kill('SIGKILL');
  await third.end();
  succeeded(third);
  await holder.end();
});
