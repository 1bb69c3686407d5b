// Many processes, one credential: one refresh, one request at a time.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { gate } from './lib/record.js';
import { login, loggedIn, succeeded } from './lib/scene.js';

const PROCESSES = 16;
const times = (n, make) => Array.from({ length: n }, (_, index) => make(index));

for (const make of ['oidc-provider', 'sandbox']) {
  test(`${PROCESSES} processes, one expired credential, one refresh (${make})`, async (t) => {
    const { world, home } = await loggedIn(t, make);
    home.setExpiry('company', -10);
    const runs = times(PROCESSES, () => home.start(['auth', 'token', 'company'], { shows: 'stdout' }));
    await Promise.all(runs.map((run) => run.end()));
    home.keepSecrets();
    for (const run of runs) succeeded(run);
    assert.equal((await world.counts()).refreshes, 1);
    assert.deepEqual([...new Set(runs.map((run) => run.stdout))], [`${home.credential('company').access_token}\n`]);
  });
}

test('they wait for a slow authority and share its answer', async (t) => {
  const { world, home } = await loggedIn(t, 'oidc-provider');
  home.setExpiry('company', -10);
  const slow = gate();
  world.authority.response.token = { gate: slow };
  const first = home.start(['auth', 'token', 'company'], { shows: 'stdout' });
  await world.authority.record.until({ grant_type: 'refresh_token' });
  const rest = times(7, () => home.start(['auth', 'token', 'company'], { shows: 'stdout' }));
  // A process that has come as far as the lock has opened the lock file; each says so at debug level or not at all, so what is waited
  // for here is only that they run.
  await Promise.all(rest.map((run) => run.until(/./)));
  slow.open();
  await Promise.all([first, ...rest].map((run) => run.end()));
  home.keepSecrets();
  for (const run of [first, ...rest]) succeeded(run);
  assert.equal(world.authority.refreshes(), 1);
});

test('a refusal is shared too: sixteen processes, one request', async (t) => {
  const { world, home } = await loggedIn(t, 'oidc-provider');
  await world.fault('refresh_token_expired');
  home.setExpiry('company', -10);
  const runs = times(PROCESSES, () => home.start(['auth', 'token', 'company']));
  await Promise.all(runs.map((run) => run.end()));
  for (const run of runs) assert.equal(run.code, 4, String(run));
  assert.equal(world.authority.refreshes(), 1);
});

test('eight processes on a subscription: one request in flight', async (t) => {
  const { world, home } = await loggedIn(t, 'sandbox', { config: (w) => w.companyConfig({}, { concurrency: 8 }) });
  await world.sandbox.faults({ model_delay_ms: 50 });
  const runs = times(8, (n) => home.start(['run', '-p', 'company', `prompt ${n}`]));
  await Promise.all(runs.map((run) => run.end()));
  for (const run of runs) succeeded(run);
  const counts = await world.counts();
  assert.equal(counts.requests, 8);
  assert.equal(counts.max_in_flight, 1);

  const { rows } = await home.status('company');
  assert.equal(rows[0].concurrency, 1, 'configured 8, and still 1');
  const told = await home.run(['-v', 'run', '-p', 'company', 'hi']);
  assert.match(told.stderr, /8.*(subscription|one request)/, String(told));
});

test('two providers of one account share the subscription', async (t) => {
  const { world, home } = await loggedIn(t, 'sandbox', {
    config: (w) => w.companyConfig() + w.companyConfig().replaceAll('providers.company', 'providers.second'),
  });
  succeeded((await login(home, 'second')).run);
  await world.sandbox.faults({ model_delay_ms: 50 });
  const runs = times(6, (n) => home.start(['run', '-p', n % 2 ? 'company' : 'second', 'hi']));
  await Promise.all(runs.map((run) => run.end()));
  for (const run of runs) succeeded(run);
  assert.equal((await world.counts()).max_in_flight, 1);
});

// The measure of the tests above: without the override the same processes overlap.
test('eight processes on a metered method overlap', async (t) => {
  const { world, home } = await loggedIn(t, 'sandbox', { config: (w) => w.companyConfig({ billing: 'metered' }) });
  await world.sandbox.faults({ model_delay_ms: 1500 });
  const runs = times(8, (n) => home.start(['run', '-p', 'company', `prompt ${n}`]));
  await Promise.all(runs.map((run) => run.end()));
  for (const run of runs) succeeded(run);
  assert.ok((await world.counts()).max_in_flight > 1);
});
