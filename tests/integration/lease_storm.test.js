// One subscription, dozens of processes under two provider names: one request in flight, everybody has a turn, nobody blocks the others
// by dying.
//
// HANDOVER_TORTURE_ROUNDS: how often a holder is killed.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';

import { rounds } from './lib/chance.js';
import { gate } from './lib/record.js';
import { login, loggedIn, succeeded } from './lib/scene.js';

const PROCESSES = 32;
const LINES = 40;
const KILLS = rounds(5);
const FREED_WITHIN = 5000; // ms, for a sanitizer build on a busy machine; the median is printed

const times = (n, make) => Array.from({ length: n }, (_, index) => make(index));
const providerOf = (n) => (n % 2 ? 'company' : 'second');

const bothNames = (text) => `${text}\n${text.replaceAll('providers.company', 'providers.second')}`;

// Both names are logged in to the same account.
async function twoNames(t, make) {
  const { world, home } = await loggedIn(t, make, {
    config: (w) => bothNames(w.companyConfig({}, { concurrency: 8 })),
  });
  succeeded((await login(home, 'second')).run);
  return { world, home };
}

test(`${PROCESSES} processes and a batch, two names, one subscription: one in flight, all finish`, async (t) => {
  const { world, home } = await twoNames(t, 'oidc-provider');
  writeFileSync(home.path('in.jsonl'), times(LINES, (n) => `${JSON.stringify({
    custom_id: `line-${n}`, method: 'POST', url: '/v1/responses', body: { model: 'test-model', input: `line ${n}` },
  })}\n`).join(''));
  // The first request is held until every process waits for its turn.
  const all = gate();
  world.models.response = { gates: [all], once: true };
  const first = home.start(['run', '-p', 'company', 'the first']);
  await world.models.record.until({ method: 'POST' });
  const batch = home.start(['batch', home.path('in.jsonl'), '-o', home.path('out.jsonl'), '-p', 'second']);
  const storm = times(PROCESSES, (n) => home.start(['run', '-p', providerOf(n), `prompt ${n}`]));
  await Promise.all([batch, ...storm].map((run) => run.until(/waiting for another request of this subscription/)));
  const { rows } = await home.status('second');
  assert.equal(rows[0].lease_holder_pid, first.child.pid);
  for (const run of [batch, ...storm]) assert.match(run.stderr, new RegExp(`process ${first.child.pid}\\b`), 'the holder is named');

  all.open();
  await Promise.all([first, batch, ...storm].map((run) => run.end()));
  for (const run of [first, batch, ...storm]) succeeded(run);
  assert.equal(readFileSync(home.path('out.jsonl'), 'utf8').trimEnd().split('\n').length, LINES);
  assert.equal(world.models.max_in_flight, 1);
  const order = world.models.record.where({ method: 'POST' }).map((entry) => said(entry.body));
  assert.equal(order.length, 1 + PROCESSES + LINES);
  const waits = order.map((words, hold) => ({ words, hold })).filter(({ words }) => words.startsWith('prompt')).map(({ hold }) => hold);
  const longest = Math.max(...waits);
  t.diagnostic(`${order.length} holds; the last of ${PROCESSES} single requests, all waiting from hold 0, was served as number ${longest}`);
  // The batch stands in the same line: it has a turn between others', not instead of them.
  assert.ok(longest <= 2 * PROCESSES + 2, `served as number ${longest}: ${order.join(', ')}`);
});

// What was asked, whatever the shape of the input.
function said(body) {
  return typeof body.input === 'string' ? body.input : /(?:prompt|line) \d+|the first/.exec(JSON.stringify(body.input))[0];
}

test('the same at the sandbox, which counts for itself', async (t) => {
  const { world, home } = await twoNames(t, 'sandbox');
  await world.sandbox.faults({ model_delay_ms: 20 });
  const storm = times(PROCESSES, (n) => home.start(['run', '-p', providerOf(n), `prompt ${n}`], { quiet: true }));
  await Promise.all(storm.map((run) => run.end()));
  for (const run of storm) succeeded(run);
  const counts = await world.counts();
  assert.deepEqual([counts.model_successes, counts.max_in_flight, counts.in_flight], [PROCESSES, 1, 0]);
});

test(`kill -9 of the holder, ${KILLS} times: the next has its turn at once`, async (t) => {
  const { world, home } = await twoNames(t, 'oidc-provider');
  const took = [];
  const posts = () => world.models.record.count({ method: 'POST' });
  for (let round = 0; round < KILLS; round += 1) {
    const before = posts();
    world.models.response = { gates: [gate()], once: true };
    const holder = home.start(['run', '-p', 'company', 'held']);
    await world.models.record.until({ method: 'POST' }, { n: before + 1 });
    const waiters = times(4, (n) => home.start(['run', '-p', providerOf(n), `waiter ${n}`]));
    await Promise.all(waiters.map((run) => run.until(/waiting for another request of this subscription/)));
    assert.equal(posts(), before + 1, 'they wait');
    const killed = performance.now();
    holder.kill('SIGKILL');
    await world.models.record.until({ method: 'POST' }, { n: before + 2, milliseconds: FREED_WITHIN });
    took.push(performance.now() - killed);
    await Promise.all([holder, ...waiters].map((run) => run.end()));
    for (const run of waiters) succeeded(run);
    assert.equal(posts(), before + 5);
  }
  took.sort((a, b) => a - b);
  t.diagnostic(`from kill -9 to the next request: median ${took[took.length >> 1].toFixed(1)} ms, longest ${took.at(-1).toFixed(1)} ms`);
});

test('kill -9 of those who wait takes nothing from the others', async (t) => {
  const { world, home } = await twoNames(t, 'oidc-provider');
  const held = gate();
  world.models.response = { gates: [held], once: true };
  const holder = home.start(['run', '-p', 'company', 'held']);
  await world.models.record.until({ method: 'POST' });
  const waiters = times(8, (n) => home.start(['run', '-p', providerOf(n), `waiter ${n}`]));
  await Promise.all(waiters.map((run) => run.until(/waiting for another request of this subscription/)));
  const dead = waiters.filter((_, n) => n % 2 === 0);
  for (const run of dead) run.kill('SIGKILL');
  await Promise.all(dead.map((run) => run.end()));
  held.open();
  const alive = [holder, ...waiters.filter((run) => !dead.includes(run))];
  await Promise.all(alive.map((run) => run.end()));
  for (const run of alive) succeeded(run);
  assert.equal(world.models.record.count({ method: 'POST' }), 1 + 4);
});
