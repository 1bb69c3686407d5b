// Two subscriptions side by side: own credentials, own refreshes, own leases, one status.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { browse } from './lib/browser.js';
import { toml } from './lib/handover.js';
import { gate } from './lib/record.js';
import { failed, scene, succeeded } from './lib/scene.js';

// Signs `person` in at the sandbox, as that account.
async function loginAs(home, person, account, provider = 'codex') {
  const run = home.start(['auth', 'login', provider, '--no-browser', '--account', account]);
  const url = new URL(await run.authorizationUrl());
  url.searchParams.set('login_hint', person);
  await browse(url.href);
  succeeded(await run.end());
  home.keepSecrets();
}

async function twoAccounts(t, more = {}) {
  const { world, home } = await scene(t, 'sandbox', { config: (w) => w.codexConfig({}, more) });
  await loginAs(home, 'alice', 'default');
  await loginAs(home, 'bob', 'work');
  return { world, home };
}

test('status shows both, each with its own claims', async (t) => {
  const { home } = await twoAccounts(t);
  const { rows } = await home.status();
  assert.deepEqual(rows.map((row) => [row.provider, row.account, row.status, row.concurrency, row.claims.email]), [
    ['codex', 'default', 'authenticated', 1, 'alice@sandbox.invalid'],
    ['codex', 'work', 'authenticated', 1, 'bob@sandbox.invalid'],
  ]);
  const table = succeeded(await home.run(['auth', 'status'], { quiet: true })).stdout;
  assert.match(table, /codex +subscription +default +authenticated/);
  assert.match(table, /codex +subscription +work +authenticated/);
});

test('token, refresh and explain speak of the account that is named', async (t) => {
  const { world, home } = await twoAccounts(t);
  const alice = home.credential('codex');
  const bob = home.credential('codex', 'work');
  assert.equal(succeeded(await home.token('codex')).stdout, `${alice.access_token}\n`);
  assert.equal(succeeded(await home.token('codex', ['--account', 'work'])).stdout, `${bob.access_token}\n`);

  const refreshed = succeeded(await home.run(['auth', 'refresh', 'codex', '--account', 'work']));
  assert.match(refreshed.stderr, /Refreshed codex \(account work\)/);
  assert.deepEqual(home.credential('codex'), alice);
  assert.notEqual(home.credential('codex', 'work').access_token, bob.access_token);
  assert.equal((await world.counts()).refreshes, 1);

  // An expired one is refreshed by itself, alone.
  home.setExpiry('codex', -10);
  succeeded(await home.token('codex'));
  assert.equal((await world.counts()).refreshes, 2);
  assert.notEqual(home.credential('codex').access_token, alice.access_token);

  const explained = JSON.parse((await home.run(['auth', 'explain', 'codex', '--account', 'work', '--json'])).stdout);
  assert.equal(explained.account, 'work');
  assert.equal(explained.candidates.find((c) => c.wins).source, 'stored');
  const nobody = await home.run(['auth', 'explain', 'codex', '--account', 'nobody', '--json']);
  assert.equal(JSON.parse(nobody.stdout).candidates.some((c) => c.wins), false);
  failed(await home.token('codex', ['--account', 'nobody']), { exit: 4, code: 'AUTH_NOT_LOGGED_IN', fix: /auth login codex --account nobody/ });
});

test('a refusal belongs to one account', async (t) => {
  const { world, home } = await twoAccounts(t);
  home.setExpiry('codex', -10, 3600, 'work');
  await world.sandbox.faults({ refresh_error: 'invalid_grant' });
  failed(await home.token('codex', ['--account', 'work']), {
    exit: 4, code: 'AUTH_SESSION_EXPIRED', fix: /handover auth login codex --account work/,
  });
  await world.sandbox.faults({ refresh_error: false });
  succeeded(await home.token('codex'));
  const { rows } = await home.status();
  assert.deepEqual(rows.map((row) => row.status), ['authenticated', 'login_needed']);
  succeeded(await home.run(['run', '-p', 'codex', 'hi']));
});

test('the config\'s own account is what unnamed commands use', async (t) => {
  const { home } = await twoAccounts(t, { account: 'work' });
  const { access_token } = home.credential('codex', 'work');
  assert.equal(succeeded(await home.token('codex')).stdout, `${access_token}\n`);
  const explained = JSON.parse((await home.run(['auth', 'explain', 'codex', '--json'])).stdout);
  assert.equal(explained.account, 'work');
  succeeded(await home.run(['run', '-p', 'codex', 'hi']));
  const before = home.credential('codex');
  succeeded(await home.run(['auth', 'refresh', 'codex']));
  assert.deepEqual(home.credential('codex'), before, 'the other one is left alone');
  succeeded(await home.run(['auth', 'logout', 'codex']));
  assert.equal(home.hasCredential('codex', 'work'), false);
  assert.equal(home.hasCredential('codex', 'default'), true);
});

test('logging out of one leaves the other, also at the authority', async (t) => {
  const { world, home } = await twoAccounts(t);
  const bob = home.credential('codex', 'work');
  succeeded(await home.run(['auth', 'logout', 'codex', '--account', 'work']));
  assert.equal((await world.counts()).revocations, 1);
  assert.equal(await world.sandbox.refreshWorks(bob.refresh_token, world.client_id), false);
  succeeded(await home.run(['auth', 'refresh', 'codex']));
  await loginAs(home, 'bob', 'work');
  succeeded(await home.run(['auth', 'logout', 'codex', '--all']));
  const { rows } = await home.status();
  assert.ok(rows.every((row) => row.status === 'not_authenticated'));
});

// Two people of one authority, and the upstream's gates: who is in flight is seen, not guessed.
async function atTheGate(t, people) {
  const { world, home } = await scene(t, 'oidc-provider', { config: (w) => w.companyConfig({}, { concurrency: 8 }) });
  for (const [account, person] of people) {
    world.authority.account = person;
    const run = home.start(['auth', 'login', 'company', '--no-browser', '--account', account]);
    await browse(await run.authorizationUrl());
    succeeded(await run.end());
  }
  home.keepSecrets();
  const opens = gate();
  world.models.response = { gates: [opens] };
  const runs = people.map(([account]) => home.start(['run', '-p', 'company', '--account', account, 'hi']));
  return { world, home, opens, runs };
}

test('each subscription has its own lease', async (t) => {
  const { world, opens, runs } = await atTheGate(t, [['default', 'alice'], ['work', 'bob']]);
  await world.models.record.until({ method: 'POST' }, { n: 2, milliseconds: 60000 });
  assert.equal(world.models.in_flight, 2);
  opens.open();
  for (const run of runs) succeeded(await run.end());
});

test('one subscription under two names still runs one request at a time', async (t) => {
  const { world, opens, runs } = await atTheGate(t, [['default', 'alice'], ['work', 'alice']]);
  await world.models.record.until({ method: 'POST' }, { milliseconds: 60000 });
  // The one that waits says so after two seconds, and for whom.
  const waiting = await Promise.any(runs.map((run) => run.until(/waiting for another request of this subscription/)));
  assert.ok(waiting);
  assert.equal(world.models.in_flight, 1);
  opens.open();
  for (const run of runs) succeeded(await run.end());
  assert.equal(world.models.max_in_flight, 1);
});

test('two providers with two issuers, side by side', async (t) => {
  const { world, home } = await scene(t, 'sandbox', { config: (w) => toml({ ...w.companyTables(), ...w.codexTables() }) });
  await loginAs(home, 'alice', 'default', 'company');
  await loginAs(home, 'bob', 'default', 'codex');
  const { rows } = await home.status();
  assert.deepEqual(rows.map((row) => [row.provider, row.status]).sort(), [['codex', 'authenticated'], ['company', 'authenticated']]);
  const company = home.credential('company');
  succeeded(await home.run(['auth', 'refresh', 'codex']));
  assert.deepEqual(home.credential('company'), company);
  assert.equal((await world.counts()).refreshes, 1);
});
