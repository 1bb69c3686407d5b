// Where the endpoints come from: discovery and declared ones, neither a single point of failure.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { deadPort } from './lib/loopback.js';
import { toml } from './lib/handover.js';
import { failed, login, scene, succeeded } from './lib/scene.js';

const make = 'oidc-provider';

// The issuer's own endpoints, declared.
const declared = {
  authorization_endpoint: '{issuer}/oauth/authorize', token_endpoint: '{issuer}/oauth/token', revocation_endpoint: '{issuer}/oauth/revoke',
};

// Declared endpoints where nobody is.
async function dead() {
  const origin = `http://127.0.0.1:${await deadPort()}`;
  return { authorization_endpoint: `${origin}/authorize`, token_endpoint: `${origin}/token` };
}

function home(t, more) {
  return scene(t, make, { config: (w) => w.companyConfig(more) });
}

async function logsIn({ world, home: h }) {
  succeeded((await login(h)).run);
  h.setExpiry('company', -10);
  succeeded(await h.token('company'));
  assert.equal((await world.counts()).refreshes, 1);
}

test('by issuer alone: everything from the discovery document, asked once a day', async (t) => {
  const place = await home(t, {});
  await logsIn(place);
  await place.home.run(['auth', 'logout', 'company']);
  const counts = await place.world.counts();
  assert.equal(counts.discovery, 1, 'the document is cached');
  assert.ok(counts.revocations >= 1);
});

test('first: discovery wins over declared endpoints', async (t) => {
  const place = await home(t, { discovery: 'first', ...await dead() });
  await logsIn(place);
});

test('first: discovery down, the declared endpoints serve', async (t) => {
  const place = await home(t, { discovery: 'first', ...declared });
  await place.world.fault('discovery_down');
  await logsIn(place);
});

test('first: discovery goes down after the login, a refresh still works', async (t) => {
  const place = await home(t, { discovery: 'first' });
  succeeded((await login(place.home)).run);
  await place.world.fault('discovery_down');
  place.home.setExpiry('company', -10);
  succeeded(await place.home.token('company'));
});

test('fallback: declared endpoints serve and discovery is not asked', async (t) => {
  const place = await home(t, { discovery: 'fallback', ...declared });
  await logsIn(place);
  assert.equal((await place.world.counts()).discovery, 0);
});

test('fallback: declared endpoints where nobody is, discovery serves', async (t) => {
  const place = await home(t, { discovery: 'fallback', ...await dead() });
  const first = await place.home.run(['auth', 'login', 'company', '--no-browser', '--timeout', '1s']);
  assert.equal(first.code, 4, String(first));
  succeeded((await login(place.home)).run);
});

test('by default: five lines of TOML', async (t) => {
  const place = await scene(t, make, {
    config: (w) => toml({
      'providers.company': { plugin: 'openai', base_url: w.base_url, model: w.model_name, auth_method: 'sso' },
      'providers.company.auth.sso': { kind: 'oauth2', issuer: w.issuer, client_id: w.client_id, scopes: ['openid', 'offline_access'] },
    }),
  });
  await logsIn(place);
  succeeded(await place.home.run(['run', '-p', 'company', 'hi']));
});

test('fallback: a declared token endpoint that is gone does not lose the next login', async (t) => {
  const issuer = '{issuer}';
  const place = await home(t, {
    discovery: 'fallback', authorization_endpoint: `${issuer}/oauth/authorize`, token_endpoint: `${issuer}/moved/token`,
  });
  const first = await login(place.home);
  if (first.run.code !== 0) {
    failed(first.run, { exit: 4, code: 'AUTH_TOKEN_EXCHANGE_FAILED' });
    succeeded((await login(place.home)).run);
  }
  place.home.setExpiry('company', -10);
  succeeded(await place.home.token('company'));
});

test('never: the declared endpoints only', async (t) => {
  const place = await home(t, { discovery: 'never', ...declared });
  await logsIn(place);
  assert.equal((await place.world.counts()).discovery, 0);
});

test('neither discovery nor declared endpoints: said before a browser is opened', async (t) => {
  const place = await home(t, { discovery: 'first' });
  await place.world.fault('discovery_down');
  const run = await place.home.run(['auth', 'login', 'company', '--no-browser']);
  assert.notEqual(run.code, 0, String(run));
  assert.doesNotMatch(run.stderr, /code_challenge/);
  assert.equal((await place.world.counts()).authorize, 0);
});

test('a refresh request as JSON where the method says so', async (t) => {
  const { world, home: h } = await scene(t, make, {
    want: { refresh_encoding: 'json' }, config: (w) => w.companyConfig({ refresh_encoding: 'json' }),
  });
  succeeded((await login(h)).run);
  h.setExpiry('company', -10);
  succeeded(await h.token('company'));
  assert.equal(world.authority.record.where({ grant_type: 'refresh_token' })[0].encoding, 'json');
});

test('parameters of the method go with the authorization and token requests', async (t) => {
  const { world, home: h } = await scene(t, make, {
    config: (w) => w.companyConfig({ authorize_params: { audience: 'models', login_hint: 'a&b=c d' }, token_params: { audience: 'models' } }),
  });
  succeeded((await login(h)).run);
  const [asked] = world.authority.record.where({ endpoint: 'authorize' });
  assert.equal(asked.params.login_hint, 'a&b=c d');
  assert.equal(asked.params.audience, 'models');
  assert.equal(world.authority.record.where({ grant_type: 'authorization_code' })[0].params.audience, 'models');
});
