// What providers say about their limits: kept per credential, shown, and heeded.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';

import { failed, loggedIn, scene, succeeded } from './lib/scene.js';

const codex = (t) => loggedIn(t, 'sandbox', { config: (w) => w.codexConfig() }, 'codex');
const known = async (home, ...args) => JSON.parse(succeeded(await home.run(['limits', ...args, '--json'])).stdout);

test('windows from the headers of an answer', async (t) => {
  const { world, home } = await loggedIn(t, 'oidc-provider');
  assert.deepEqual(await known(home), []);
  world.models.response = {
    headers: {
      'x-ratelimit-limit-requests': '60', 'x-ratelimit-remaining-requests': '59', 'x-ratelimit-reset-requests': '6m0s',
      'x-ratelimit-remaining-tokens': '1000',
    },
  };
  succeeded(await home.run(['run', '-p', 'company', 'hi']));
  const [ledger] = await known(home, 'company');
  assert.deepEqual([ledger.provider, ledger.account, ledger.source, ledger.blocked], ['company', 'default', 'stored', null]);
  const requests = ledger.windows.find((window) => window.name === 'requests');
  assert.deepEqual([requests.limit, requests.remaining, requests.source], [60, 59, 'header']);
  const left = (Date.parse(requests.resets_at) - Date.parse(requests.observed_at)) / 1000;
  assert.ok(left >= 359 && left <= 361, String(left));

  const table = succeeded(await home.run(['limits']));
  assert.match(table.stdout, /company +default +requests +- +59 of 60 +- +in [56] min/);
  const { rows } = await home.status('company');
  assert.deepEqual(rows[0].limits.windows, ledger.windows);
  assert.match(succeeded(await home.run(['auth', 'status'])).stderr, /limit: requests 59 of 60 left/);
});

test('a quota that is used up is not asked again, while refreshing goes on', async (t) => {
  const { world, home } = await codex(t);
  await world.fault('usage_limit');
  failed(await home.run(['run', '-p', 'codex', 'hi']), { exit: 5, code: 'PROVIDER_QUOTA_EXHAUSTED' });
  await world.fault('usage_limit', false);
  const held = failed(await home.run(['run', '-p', 'codex', 'hi']), { exit: 5, code: 'PROVIDER_QUOTA_EXHAUSTED', fix: /limits codex --clear/ });
  assert.match(held.stderr, /until \d{4}-\d\d-\d\dT\S+Z \(in (59|60) min|in 1 h/, String(held));
  succeeded(await home.run(['auth', 'refresh', 'codex']));
  home.setExpiry('codex', -10);
  failed(await home.run(['run', '-p', 'codex', 'hi']), { exit: 5, code: 'PROVIDER_QUOTA_EXHAUSTED' });
  const counts = await world.counts();
  assert.deepEqual([counts.requests, counts.refreshes], [1, 2]);
  assert.match(succeeded(await home.run(['auth', 'status', 'codex'])).stderr, /quota: blocked until/);

  succeeded(await home.run(['limits', '--clear']));
  succeeded(await home.run(['run', '-p', 'codex', 'hi']));
  assert.deepEqual((await known(home)).filter((ledger) => ledger.blocked), []);
});

test('once in a while one request tries; its success ends the block', async (t) => {
  const { world, home } = await codex(t);
  await world.fault('usage_limit');
  failed(await home.run(['run', '-p', 'codex', 'hi']), { exit: 5, code: 'PROVIDER_QUOTA_EXHAUSTED' });
  const file = home.path('state', 'limits', 'codex@default.json');
  const dueNow = () => {
    const ledger = JSON.parse(readFileSync(file, 'utf8'));
    ledger.blocked.probe_at = '2020-01-01T00:00:00Z';
    writeFileSync(file, JSON.stringify(ledger));
  };
  dueNow();
  failed(await home.run(['run', '-p', 'codex', 'still used up']), { exit: 5, code: 'PROVIDER_QUOTA_EXHAUSTED' });
  assert.equal((await world.counts()).requests, 2, 'this one tried');
  failed(await home.run(['run', '-p', 'codex', 'held back again']), { exit: 5, code: 'PROVIDER_QUOTA_EXHAUSTED' });
  assert.equal((await world.counts()).requests, 2);

  await world.fault('usage_limit', false);
  dueNow();
  const tried = succeeded(await home.run(['run', '-p', 'codex', 'hi']));
  assert.match(tried.stderr, /was used up; trying/);
  succeeded(await home.run(['run', '-p', 'codex', 'and on']));
});

test('a damaged ledger is as if nothing were known', async (t) => {
  const { world, home } = await codex(t);
  await world.fault('usage_limit');
  failed(await home.run(['run', '-p', 'codex', 'hi']), { exit: 5, code: 'PROVIDER_QUOTA_EXHAUSTED' });
  await world.fault('usage_limit', false);
  writeFileSync(home.path('state', 'limits', 'codex@default.json'), '{"version": 1, "win');
  succeeded(await home.run(['run', '-p', 'codex', 'hi']));
});

test('a provider that is none', async (t) => {
  const { home } = await scene(t, 'oidc-provider');
  failed(await home.run(['limits', 'compny']), { exit: 3, code: 'PROVIDER_UNKNOWN', says: /company/ });
  assert.deepEqual(await known(home, 'company'), []);
});
