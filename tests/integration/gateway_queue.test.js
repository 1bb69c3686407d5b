// Requests that wait for their turn: a metered provider's `concurrency`, and what a listing that nobody waits for does at the end.
import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { test } from 'node:test';

import { Gateway, keyed, rejection } from './lib/gateway.js';
import { Home, toml } from './lib/handover.js';
import { counted, scrape } from './lib/metrics.js';
import { eventually } from './lib/processes.js';
import { gate } from './lib/record.js';
import { login, succeeded } from './lib/scene.js';
import { chatAnswer, startScriptedModels } from './lib/scripted_models.js';
import { startWorld } from './lib/world.js';

const KEY = 'sandbox-key-queue';
const LONG = 60000; // ms, for what has no event to wait for

// A gateway before an upstream that answers POSTs one by one, as it is let.
async function queue(t, { provider = {}, serve = {}, tables = {}, args = [], get } = {}) {
  const waiting = [];
  let now = 0;
  let most = 0;
  const models = await startScriptedModels(async ({ method }) => {
    if (method === 'GET') return get();
    const turn = gate();
    waiting.push(turn);
    now += 1;
    most = Math.max(most, now);
    await turn.opened;
    now -= 1;
    return { json: chatAnswer({ content: 'done' }) };
  });
  const config = (more = provider, settings = serve) => toml({
    '': { default_provider: 'mine' }, serve: settings, http: { max_retries: 0 }, ...keyed('mine', models.base_url, ['chat_completions'], more), ...tables,
  });
  const home = new Home({ config: config(), environment: { GATEWAY_TEST_KEY: KEY } });
  home.secrets.add(KEY);
  t.after(async () => {
    for (const turn of waiting) turn.open();
    await home.close();
    await models.close();
  });
  const gateway = await Gateway.start(home, { args });
  const client = gateway.client();
  const ask = (options = {}) => client.chat.completions.create(
    { model: options.model ?? 'm', messages: [{ role: 'user', content: options.text ?? 'x' }] },
    { signal: options.signal },
  );
  return {
    models, home, gateway, config, ask,
    upstream: (n) => eventually(() => models.requests().length, (count) => count >= n, LONG, `${n} requests upstream`),
    inLine: (n) => eventually(async () => (await scrape(gateway)).value('handover_queued_requests'), (count) => count === n, LONG, `${n} in line`),
    letOne: () => waiting.splice(0, 1)[0].open(),
    letAll: () => { for (const turn of waiting.splice(0)) turn.open(); },
    most: () => most,
  };
}

test('a metered provider with a `concurrency`: so many at once, over all loops, the others in their order', async (t) => {
  const { gateway, models, ask, upstream, inLine, letOne, letAll, most } = await queue(t, { provider: { concurrency: 2 } });
  const names = Array.from({ length: 7 }, (_, n) => `n${n}`);
  const all = names.slice(0, 2).map((text) => ask({ text }));
  await upstream(2);
  for (const [waiting, text] of names.slice(2).entries()) {
    all.push(ask({ text }));
    await inLine(waiting + 1);
  }
  assert.equal(models.requests().length, 2);
  letOne();
  await upstream(3);
  await inLine(4);
  for (let begun = 4; begun <= 7; begun += 1) {
    letOne();
    await upstream(begun);
  }
  letAll();
  for (const answer of await Promise.all(all)) assert.equal(answer.choices[0].message.content, 'done');
  assert.equal(most(), 2);
  const sent = models.requests().map(({ body }) => body.messages[0].content);
  assert.deepEqual([sent.slice(0, 2).sort(), sent.slice(2)], [names.slice(0, 2), names.slice(2)]);
  const page = await counted(gateway, (seen) => seen.value('handover_in_flight_requests') === 1, 'the end of all');
  assert.deepEqual(page.of('handover_lease_wait_seconds'), { mine: 7 });
  assert.equal(page.value('handover_queued_requests'), 0);
});

test('a full line and a slow one are answered as for a subscription', async (t) => {
  const { gateway, models, ask, upstream, inLine, letAll } = await queue(t, { provider: { concurrency: 1 }, serve: { max_queue: 1 } });
  const first = ask();
  await upstream(1);
  const second = ask();
  await inLine(1);
  const full = await rejection(ask());
  assert.deepEqual([full.status, full.type, full.code], [429, 'requests', 'rate_limit_exceeded']);
  assert.match(full.message, /mine gets 1 requests? at a time \(concurrency\), and too many are waiting/);
  assert.equal(full.headers.get('retry-after'), '5');
  assert.equal(full.headers.get('x-should-retry'), 'true');
  letAll();
  await first;
  await upstream(2);
  letAll();
  await second;
  assert.equal(models.requests().length, 2);
  const page = await counted(gateway, (seen) => seen.value('handover_in_flight_requests') === 1, 'the end of both');
  assert.deepEqual(page.of('handover_lease_wait_seconds'), { mine: 2 });
});

test('whoever waits too long, or goes, leaves the line', async (t) => {
  const { models, ask, upstream, inLine, letAll } = await queue(t, { provider: { concurrency: 1 }, serve: { queue_timeout: '300ms' } });
  const first = ask();
  await upstream(1);
  const late = await rejection(ask());
  assert.equal(late.status, 429);
  assert.match(late.message, /did not come in time/);
  assert.equal(late.headers.get('x-should-retry'), 'true');
  const leaving = new AbortController();
  const gone = rejection(ask({ signal: leaving.signal }));
  await inLine(1);
  leaving.abort();
  await gone;
  await inLine(0);
  letAll();
  await first;
  const next = ask();
  await upstream(2);
  letAll();
  await next;
  assert.equal(models.requests().length, 2);
});

test('whoever goes leaves the line of a subscription', async (t) => {
  const world = await startWorld('sandbox');
  const home = new Home({ config: toml({ '': { default_provider: 'codex' }, serve: { max_queue: 1, queue_timeout: '10m' }, ...world.codexTables() }) });
  home.watchSecrets(world.secrets);
  t.after(async () => {
    await home.close();
    await world.close();
  });
  succeeded((await login(home, 'codex')).run);
  await world.sandbox.faults({ model_slow_ms: LONG });
  const gateway = await Gateway.start(home);
  const inLine = (n) => eventually(async () => (await scrape(gateway)).value('handover_queued_requests'), (count) => count === n, LONG, `${n} in line`);
  const ask = (input, signal) => gateway.client().responses.create({ model: 'sandbox-large', input, stream: true }, { signal });
  const first = await ask('first');
  const leaving = new AbortController();
  const gone = rejection(ask('gone', leaving.signal));
  await inLine(1);
  leaving.abort();
  await gone;
  await inLine(0);
  const second = ask('second'); // there is a place for it
  await inLine(1);
  first.controller.abort();
  (await second).controller.abort();
  assert.equal((await world.counts()).requests, 2);
});

test('without a `concurrency` in the config nobody waits; a reload may set, raise and remove it', async (t) => {
  const { home, gateway, config, models, ask, upstream, inLine, letAll } = await queue(t);
  const reload = async (provider, n) => {
    home.setConfig(config(provider));
    gateway.run.kill('SIGHUP');
    await gateway.run.until(new RegExp(`(the config is reloaded[^]*){${n}}`));
  };
  const all = Array.from({ length: 12 }, () => ask()); // the plugin's own figure is 4
  await upstream(12);
  letAll();
  await Promise.all(all);
  await reload({ concurrency: 1 }, 1);
  const some = Array.from({ length: 6 }, () => ask());
  await upstream(13);
  await inLine(5);
  await reload({ concurrency: 3 }, 2);
  await upstream(15);
  await inLine(3);
  assert.equal(models.requests().length, 15);
  await reload({}, 3);
  await upstream(18);
  letAll();
  await Promise.all(some);
  const page = await counted(gateway, (seen) => seen.value('handover_in_flight_requests') === 1, 'the end of all');
  assert.equal(page.value('handover_queued_requests'), 0);
});

// ---- listings ---------------------------------------------------------------------------------------------------------------------

test('a provider is asked for its models once at a time, over all loops; who asks meanwhile gets that answer, whoever leaves', async (t) => {
  const list = { json: { object: 'list', data: [{ id: 'listed', object: 'model', created: 1, owned_by: 'x' }] } };
  const held = gate();
  const { gateway, models } = await queue(t, { get: async () => { await held.opened; return list; } });
  t.after(() => held.open());
  const inFlight = (n) => eventually(async () => (await scrape(gateway)).value('handover_in_flight_requests'), (count) => count === n + 1, LONG, `${n} in flight`);
  const first = new AbortController();
  const gone = rejection(gateway.fetch('/v1/models', { signal: first.signal }));
  await models.record.until({ method: 'GET' });
  const others = Array.from({ length: 8 }, (_, n) => gateway.fetch(n % 2 === 0 ? '/v1/models' : '/v1/models/listed'));
  await inFlight(9);
  first.abort();
  assert.equal((await gone).name, 'AbortError');
  await inFlight(8); // it is not kept for an answer that nobody reads
  held.open();
  for (const answer of await Promise.all(others)) {
    assert.equal(answer.status, 200);
    assert.match(await answer.text(), /"id":"listed"/);
  }
  assert.equal(models.record.count({ method: 'GET' }), 1);
  assert.equal(models.record.count({ disconnected: true }), 0);
});

test('a listing that failed is asked for anew', async (t) => {
  let fails = true;
  const list = { json: { object: 'list', data: [{ id: 'listed', object: 'model', created: 1, owned_by: 'x' }] } };
  const { gateway, models } = await queue(t, { get: () => (fails ? { status: 403, json: { error: { message: 'no' } } } : list) });
  assert.deepEqual((await gateway.client().models.list()).data, []);
  fails = false;
  assert.deepEqual((await gateway.client().models.list()).data.map(({ id }) => id), ['listed']);
  assert.equal(models.record.count({ method: 'GET' }), 2);
});

for (const reloaded of [false, true]) {
  test(`a listing that outlives its request ends with the gateway, at once${reloaded ? ', of an earlier config too' : ''}`, async (t) => {
    const other = await startScriptedModels(() => ({ json: chatAnswer({ content: 'other' }) }));
    t.after(() => other.close());
    const silent = gate();
    const { home, gateway, config, models, ask } = await queue(t, {
      tables: keyed('other', other.base_url, ['chat_completions']), get: () => silent.opened, args: ['-v'],
    });
    t.after(() => silent.open());
    // Which of the two it means depends on what the default provider lists, which says nothing: nobody waits for it for good.
    const answer = await ask({ model: 'other/m' });
    assert.equal(answer.choices[0].message.content, 'other');
    assert.equal(models.record.count({ method: 'GET' }), 1);
    assert.equal(models.record.count({ disconnected: true }), 0);
    if (reloaded) {
      home.setConfig(config({ concurrency: 7 }));
      gateway.run.kill('SIGHUP');
      await gateway.run.until(/the config is reloaded/);
    }
    const asked = performance.now();
    const run = await gateway.close();
    const took = performance.now() - asked;
    assert.ok(took < 10000, `${took} ms`);
    assert.doesNotMatch(run.stderr, /Sanitizer/);
    assert.match(run.stderr, /no models of mine: /); // it was ended, and not only left behind
    await models.record.until({ disconnected: true });
  });
}
