// `handover models`: the list from the provider, kept for an hour, and what happens where the provider is not there.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';

import { gate } from './lib/record.js';
import { failed, loggedIn, succeeded } from './lib/scene.js';

const codexScene = (t) => loggedIn(t, 'sandbox', { config: (world) => world.codexConfig() }, 'codex');

async function listed(home, args = [], options = {}) {
  return JSON.parse(succeeded(await home.run(['models', '--json', ...args], { quiet: true, ...options })).stdout);
}

const lists = (world) => world.models.record.where({ method: 'GET' });

// Makes every list that is kept `hours` older.
function age(home, hours) {
  const folder = home.path('cache');
  for (const name of readdirSync(folder).filter((file) => file.startsWith('models-'))) {
    const kept = JSON.parse(readFileSync(`${folder}/${name}`, 'utf8'));
    kept.fetched_at = new Date(Date.parse(kept.fetched_at) - hours * 3600e3).toISOString();
    writeFileSync(`${folder}/${name}`, JSON.stringify(kept));
  }
}

test('OpenAI\'s shape, kept for an hour, with the token of the login', async (t) => {
  const { world, home } = await loggedIn(t, 'oidc-provider');
  const first = await listed(home, ['-p', 'company']);
  assert.deepEqual(first.models, [
    { id: 'test-model', name: null, owned_by: null, context_window: null, created_at: null, default: true },
  ]);
  assert.deepEqual([first.provider, first.account, first.source], ['company', 'default', 'provider']);
  assert.equal(lists(world)[0].path, '/v1/models');
  assert.equal(lists(world)[0].authorization, `Bearer ${home.credential('company').access_token}`);

  assert.deepEqual(await listed(home), { ...first, source: 'cache' });
  assert.equal(lists(world).length, 1);
  assert.equal((await listed(home, ['--refresh'])).source, 'provider');
  assert.equal(lists(world).length, 2);
  age(home, 1);
  assert.equal((await listed(home)).source, 'provider');
  assert.equal(lists(world).length, 3);

  const table = succeeded(await home.run(['models'], { quiet: true }));
  assert.equal(table.stdout, 'MODEL\ntest-model (default)\n');
  assert.equal(table.stderr, '');
});

test('the codex backend\'s shape', async (t) => {
  const { home } = await codexScene(t);
  const { models } = await listed(home, ['-p', 'codex']);
  assert.deepEqual(models.map(({ id, name, context_window }) => [id, name, context_window]), [
    ['sandbox-large', 'Model sandbox-large', 200000], ['sandbox-small', 'Model sandbox-small', 200000],
  ]);
  const table = succeeded(await home.run(['models'], { quiet: true }));
  assert.match(table.stdout, /^MODEL +NAME +CONTEXT\nsandbox-large +Model sandbox-large +200000\n/);
  // The sandbox answers 304 to the ETag of what is kept.
  assert.equal((await listed(home, ['--refresh'])).models.length, 2);
});

test('a provider that is gone: what is kept, with a warning', async (t) => {
  const { world, home } = await loggedIn(t, 'oidc-provider');
  const fresh = await listed(home);
  age(home, 5);
  await world.models.close();
  const run = succeeded(await home.run(['models', '--json'], { quiet: true }));
  assert.deepEqual(JSON.parse(run.stdout).models, fresh.models);
  assert.equal(JSON.parse(run.stdout).source, 'stale_cache');
  assert.match(run.stderr, /warning.*said this 5 h/);
});

test('a provider that is gone, and nothing kept', async (t) => {
  const { world, home } = await loggedIn(t, 'oidc-provider');
  await world.models.close();
  failed(await home.run(['models']), { exit: 5, code: 'PROVIDER_UNAVAILABLE' });
});

test('a list does not wait for the request that a subscription has in flight', async (t) => {
  const { world, home } = await loggedIn(t, 'oidc-provider');
  const held = gate();
  world.models.response = { gates: [held] };
  const prompt = home.start(['run', '-p', 'company', 'hi']);
  await world.models.record.until({ method: 'POST' });
  assert.equal((await listed(home)).models.length, 1);
  assert.equal(prompt.over, undefined, 'the prompt is still in flight');
  held.open();
  succeeded(await prompt.end());
});

test('a token that the provider refuses is renewed once', async (t) => {
  const { world, home } = await loggedIn(t, 'oidc-provider');
  world.authority.forgetAccessTokens();
  assert.equal((await listed(home)).models.length, 1);
  assert.deepEqual(lists(world).map((entry) => entry.status), [401, 200]);
  assert.equal((await world.counts()).refreshes, 1);
});

test('who is not logged in, and what is no list', async (t) => {
  const { world, home } = await loggedIn(t, 'oidc-provider');
  world.models.response = { status: 404, json: { error: { message: 'no such page' } } };
  failed(await home.run(['models']), { exit: 5, code: 'PROVIDER_REJECTED', says: /no such page/ });
  failed(await home.run(['models', '-p', 'nobody']), { exit: 3, code: 'PROVIDER_UNKNOWN' });
  succeeded(await home.run(['auth', 'logout', 'company']));
  failed(await home.run(['models', '-p', 'company']), { exit: 4, code: 'AUTH_NOT_LOGGED_IN' });
});

test('two accounts have a list each', async (t) => {
  const { world, home } = await loggedIn(t, 'oidc-provider');
  await listed(home);
  failed(await home.run(['models', '--account', 'work']), { exit: 4, code: 'AUTH_NOT_LOGGED_IN' });
  assert.equal(lists(world).length, 1);
});
