// Taking over the login of another program: the codex CLI's auth.json and the earlier Handover's credentials.json.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';

import { Home, toml } from './lib/handover.js';
import { failed, login, scene, succeeded } from './lib/scene.js';
import { startWorld } from './lib/world.js';

const IMPORT = ['auth', 'import', 'codex'];
const codexConfig = (w) => toml({
  ...w.codexTables(), 'providers.openai': { plugin: 'openai', base_url: w.base_url, model: w.model_name },
});

// Another program's login: tokens that the sandbox gave to a home of their own.
async function tokensOf(t, world) {
  const elsewhere = new Home({ config: world.codexConfig() });
  t.after(() => elsewhere.close());
  succeeded((await login(elsewhere, 'codex')).run);
  return elsewhere.credential('codex');
}

function authJson({ access_token, refresh_token, id_token }, more = {}) {
  return {
    auth_mode: 'chatgpt', OPENAI_API_KEY: null, last_refresh: new Date().toISOString(), ...more,
    tokens: { id_token, access_token, refresh_token, account_id: 'account-of-sandbox-user' },
  };
}

function write(home, folder, name, value) {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  mkdirSync(home.path(folder), { recursive: true });
  writeFileSync(home.path(folder, name), text, { mode: 0o600 });
  return { file: home.path(folder, name), text };
}

async function codexScene(t, more) {
  const { world, home } = await scene(t, 'sandbox', { config: codexConfig });
  const tokens = await tokensOf(t, world);
  for (const name of ['access_token', 'refresh_token', 'id_token']) home.secrets.add(tokens[name]);
  const written = write(home, '.codex', 'auth.json', authJson(tokens, more));
  return { world, home, tokens, written };
}

test('the codex CLI\'s login: bound as one that was made here, and refreshed', async (t) => {
  const { world, home, tokens, written } = await codexScene(t);
  const before = await world.counts();
  const run = succeeded(await home.run(IMPORT));
  assert.match(run.stderr, /Imported the login as codex \(account default, method subscription\)/);
  assert.match(run.stderr, /codex CLI keeps its own copy.*same refresh token/);
  assert.equal((await world.counts()).requests_to_token, before.requests_to_token, 'nothing goes over the network');
  assert.equal(readFileSync(written.file, 'utf8'), written.text, 'the file stays as it was');

  const credential = home.credential('codex');
  for (const name of ['access_token', 'refresh_token', 'id_token', 'issuer', 'client_id', 'token_endpoint']) {
    assert.equal(credential[name], tokens[name], name);
  }
  assert.deepEqual(credential.origins, tokens.origins);
  assert.equal(credential.expires_at, tokens.expires_at);
  const { rows } = await home.status('codex');
  assert.equal(rows[0].status, 'authenticated');
  assert.equal(rows[0].claims.email, 'sandbox-user@sandbox.invalid');
  succeeded(await home.run(['run', '-p', 'codex', 'hi']));

  succeeded(await home.run(['auth', 'refresh', 'codex']));
  const refreshed = home.credential('codex');
  assert.notEqual(refreshed.refresh_token, tokens.refresh_token);
  assert.equal((await world.counts()).reuse_detections, 0);
  // Trap: the other copy is stale now.
  assert.equal(await world.sandbox.refreshWorks(tokens.refresh_token, world.client_id), false);
});

test('an expired access token is refreshed at the first use', async (t) => {
  const { world, home } = await scene(t, 'sandbox', { config: codexConfig, want: { access_token_lifetime: 1 } });
  const tokens = await tokensOf(t, world);
  while (Date.parse(tokens.expires_at) > Date.now()) await world.counts();
  write(home, '.codex', 'auth.json', authJson(tokens));
  assert.match(succeeded(await home.run(IMPORT)).stderr, /refreshed at the first use/);
  succeeded(await home.token('codex'));
  assert.equal((await world.counts()).refreshes, 1);

  // Without a refresh token it would not work, so it is not taken.
  write(home, '.codex', 'auth.json', authJson({ ...tokens, refresh_token: '' }));
  failed(await home.run([...IMPORT, '--force', '--account', 'dead']), { exit: 4, code: 'AUTH_SESSION_EXPIRED' });
  assert.equal(home.hasCredential('codex', 'dead'), false);
});

test('a login that is there is not replaced unasked', async (t) => {
  const { home } = await codexScene(t);
  succeeded((await login(home, 'codex')).run);
  const own = home.credential('codex');
  failed(await home.run(IMPORT), { exit: 4, code: 'AUTH_CANCELLED', fix: /--force.*--account/ });
  assert.deepEqual(home.credential('codex'), own);
  // Expired, but able to refresh itself: still a login.
  home.setExpiry('codex', -10);
  failed(await home.run(IMPORT), { exit: 4, code: 'AUTH_CANCELLED' });

  succeeded(await home.run([...IMPORT, '--account', 'theirs']));
  assert.notEqual(home.credential('codex', 'theirs').access_token, own.access_token);
  succeeded(await home.run([...IMPORT, '--force']));
  assert.equal(home.credential('codex').access_token, home.credential('codex', 'theirs').access_token);
  assert.ok(home.credential('codex').generation > own.generation);
});

test('where the file is: CODEX_HOME, --from a folder, --from a file', async (t) => {
  const { home, written } = await codexScene(t);
  succeeded(await home.run([...IMPORT, '--from', written.file, '--account', 'a']));
  succeeded(await home.run([...IMPORT, '--from', home.path('.codex'), '--account', 'b']));
  succeeded(await home.run([...IMPORT, '--account', 'c'], { env: { CODEX_HOME: home.path('.codex'), HOME: '/nonexistent' } }));
  failed(await home.run([...IMPORT], { env: { CODEX_HOME: home.path('elsewhere') } }), {
    exit: 4, code: 'AUTH_NO_CREDENTIAL', says: /keyring/, fix: /cli_auth_credentials_store/,
  });
  failed(await home.run(['auth', 'import', 'codx']), { exit: 2, code: 'USAGE', says: /codex/ });
});

test('an API key goes to openai, and is said to be no subscription', async (t) => {
  const { home } = await scene(t, 'sandbox', { config: codexConfig });
  write(home, '.codex', 'auth.json', { auth_mode: 'apikey', OPENAI_API_KEY: 'sandbox-key-imported' });
  home.secrets.add('sandbox-key-imported');
  const run = succeeded(await home.run(IMPORT));
  assert.match(run.stderr, /API key, not a subscription, as openai \(account default, method api-key\)/);
  assert.equal(home.hasCredential('codex'), false);
  assert.equal(home.credential('openai').api_key, 'sandbox-key-imported');
  succeeded(await home.run(['run', '-p', 'openai', 'hi']));
  failed(await home.run([...IMPORT, '-p', 'codex']), { exit: 4, code: 'AUTH_METHOD_UNSUPPORTED', fix: /openai/ });
});

test('what cannot be imported says why, and nothing is stored', async (t) => {
  const { world, home, tokens, written } = await codexScene(t);
  const refuse = async (value, wanted) => {
    write(home, '.codex', 'auth.json', value);
    failed(await home.run(IMPORT), { exit: 4, ...wanted });
    assert.equal(home.hasCredential('codex'), false);
    assert.equal(home.hasCredential('openai'), false);
  };
  const unsupported = { code: 'AUTH_METHOD_UNSUPPORTED' };
  await refuse(authJson(tokens, { auth_mode: 'chatgptAuthTokens' }), { ...unsupported, says: /application that runs codex/ });
  await refuse({ auth_mode: 'agentIdentity', agent_identity: {} }, { ...unsupported, says: /agent/ });
  await refuse({ auth_mode: 'personalAccessToken' }, { ...unsupported, says: /personal access token/ });
  await refuse({ auth_mode: 'bedrockApiKey' }, { ...unsupported, says: /Bedrock/ });
  await refuse({ auth_mode: 'chatgpt', tokens: null }, { code: 'AUTH_NO_CREDENTIAL' });
  await refuse(written.text.slice(0, 100), { code: 'STORE_CORRUPT', fix: /writing it/ });

  const other = await startWorld('sandbox');
  t.after(() => other.close());
  const theirs = await tokensOf(t, other);
  await refuse(authJson(theirs), { code: 'AUTH_ID_TOKEN_INVALID', says: new RegExp(other.issuer) });
  assert.equal((await other.counts()).refreshes + (await world.counts()).refreshes, 0);
});

test('the earlier Handover\'s login', async (t) => {
  const { world, home, tokens } = await codexScene(t);
  write(home, '.handover', 'credentials.json', {
    provider: 'openai', token: tokens.access_token, refreshToken: tokens.refresh_token, expiresAt: new Date(Date.parse(tokens.expires_at)).toISOString(),
  });
  const run = succeeded(await home.run(['auth', 'import', 'handover-ts']));
  assert.match(run.stderr, /Imported the login as codex/);
  const credential = home.credential('codex');
  assert.equal(credential.issuer, world.issuer);
  assert.equal(credential.client_id, world.client_id);
  assert.equal(credential.expires_at, tokens.expires_at);
  succeeded(await home.run(['auth', 'refresh', 'codex']));
  succeeded(await home.run(['run', '-p', 'codex', 'hi']));
  assert.equal((await world.counts()).refresh_successes, 1);

  write(home, '.handover', 'credentials.json', '{"provider":"openai"');
  failed(await home.run(['auth', 'import', 'handover-ts', '--force']), { exit: 4, code: 'STORE_CORRUPT' });
});
