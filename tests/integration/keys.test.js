// API keys: where they come from, what they never displace, what is never taken for one.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startModelServer } from './lib/model_server.js';
import { Home, toml } from './lib/handover.js';
import { failed, loggedIn, succeeded } from './lib/scene.js';

const KEY = 'sandbox-key-for-the-keys-test';
const OTHER = 'sandbox-another-key-for-the-test';

// A service with API keys, as `models`; the variable is the config's own.
async function service(t, more = {}) {
  const models = await startModelServer({ accepts: (key) => key === KEY });
  const home = new Home({
    config: toml({
      'providers.service': { plugin: 'openai', base_url: models.base_url, model: 'test-model', ...more },
      'providers.service.auth.api-key': { env: ['SERVICE_KEY'] },
    }),
  });
  for (const secret of [KEY, OTHER]) home.secrets.add(secret);
  t.after(async () => {
    await models.close();
    await home.close();
  });
  return { models, home };
}

test('a key in the environment', async (t) => {
  const { models, home } = await service(t);
  const env = { SERVICE_KEY: KEY };
  assert.equal(succeeded(await home.run(['run', '-p', 'service', 'hi'], { env })).stdout, `${models.text}\n`);
  assert.equal(succeeded(await home.token('service', [], { env })).stdout, `${KEY}\n`);
  const run = succeeded(await home.run(['auth', 'status', 'service', '--json'], { env }));
  const [row] = JSON.parse(run.stdout);
  assert.equal(row.source, 'env:SERVICE_KEY');
  assert.equal(row.status, 'configured');
  assert.equal(row.billing, 'metered');
});

test('no key: exit 4 and the ways to give one', async (t) => {
  const { models, home } = await service(t);
  const run = await home.run(['run', '-p', 'service', 'hi']);
  failed(run, { exit: 4, code: 'AUTH_NO_CREDENTIAL', says: /SERVICE_KEY/ });
  assert.equal(models.record.entries.length, 0);
});

test('the variable of the manifest does not follow a base URL that was moved', async (t) => {
  const { models, home } = await service(t);
  const run = await home.run(['run', '-p', 'service', 'hi'], { env: { OPENAI_API_KEY: KEY } });
  assert.equal(run.code, 4, String(run));
  assert.equal(models.record.entries.length, 0);
});

test('--with-api-key stores the key from stdin', async (t) => {
  const { models, home } = await service(t);
  succeeded(await home.run(['auth', 'login', 'service', '--with-api-key'], { input: `  ${KEY}\n` }));
  assert.equal(home.credential('service').api_key, KEY);
  assert.equal(succeeded(await home.run(['run', '-p', 'service', 'hi'])).stdout, `${models.text}\n`);
  const { rows } = await home.status('service');
  assert.equal(rows[0].source, 'stored');
  succeeded(await home.run(['auth', 'logout', 'service']));
  assert.equal(home.hasCredential('service'), false);
});

test('a refused key: exit 5 or 4, asked once, the key not shown', async (t) => {
  const { models, home } = await service(t);
  const run = await home.run(['run', '-p', 'service', 'hi'], { env: { SERVICE_KEY: OTHER } });
  assert.ok([4, 5].includes(run.code), String(run));
  assert.equal(models.record.entries.length, 1);
});

for (const [name, bad] of [
  ['the gateway\'s own key', 'hok_sandbox-0123456789'], ['an empty key', '  \n'], ['a key with control characters', 'sandbox\u0007key'],
]) {
  test(`refused from any source: ${name}`, async (t) => {
    const { models, home } = await service(t);
    const stored = await home.run(['auth', 'login', 'service', '--with-api-key'], { input: bad });
    assert.ok(stored.code !== 0, String(stored));
    assert.equal(home.hasCredential('service'), false);
    const run = await home.run(['run', '-p', 'service', 'hi'], { env: { SERVICE_KEY: bad } });
    assert.equal(run.code, 4, String(run));
    assert.equal(models.record.entries.length, 0);
  });
}

test('a metered key never displaces a stored subscription, unless it is pinned', async (t) => {
  const config = (more) => (w) => `${w.companyConfig({}, { auth_method: undefined, ...more })}\n${toml({
    'providers.company.auth.api-key': { env: ['COMPANY_KEY'] },
  })}`;
  const { world, home } = await loggedIn(t, 'oidc-provider', { config: config({ auth_method: 'login' }) });
  home.secrets.add(KEY);
  const env = { COMPANY_KEY: KEY };
  home.setConfig(config({})(world));
  const run = succeeded(await home.run(['run', '-p', 'company', 'hi'], { env }));
  assert.match(run.stderr, /stored/);
  const [request] = world.models.record.where({ method: 'POST' });
  assert.equal(request.authorization, `Bearer ${home.credential('company').access_token}`);

  const explained = succeeded(await home.run(['auth', 'explain', 'company', '--json'], { env }));
  const { candidates } = JSON.parse(explained.stdout);
  const winner = candidates.filter((c) => c.wins);
  assert.equal(winner.length, 1);
  assert.equal(winner[0].method, 'login');
  const loser = candidates.find((c) => JSON.stringify(c).includes('COMPANY_KEY'));
  assert.ok(loser && loser.present && !loser.wins && loser.reason, explained.stdout);

  home.setConfig(config({ auth_method: 'api-key' })(world));
  world.models.accepts = (token) => token === KEY;
  succeeded(await home.run(['run', '-p', 'company', 'hi'], { env }));
  assert.equal(world.models.record.where({ method: 'POST' })[1].authorization, `Bearer ${KEY}`);
});
