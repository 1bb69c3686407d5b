// The tests' own tools, proven with a plain PKCE client against either authority: what fails here is not Handover.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';

import { browse, fetchPage } from './lib/browser.js';
import { gate } from './lib/record.js';
import { startWorld } from './lib/world.js';

const REDIRECT_URI = 'http://127.0.0.1:65000/callback';
const form = { 'content-type': 'application/x-www-form-urlencoded' };

async function post(url, params) {
  const page = await fetchPage(url, form, 'POST', new URLSearchParams(params).toString());
  return { status: page.status, json: page.body === '' ? null : JSON.parse(page.body) };
}

// What the redirect said, and the verifier that belongs to it.
async function authorize(world) {
  const code_verifier = randomBytes(32).toString('base64url');
  const url = new URL(world.endpoints.authorization_endpoint);
  const challenge = createHash('sha256').update(code_verifier).digest('base64url');
  url.search = new URLSearchParams({
    response_type: 'code', client_id: world.client_id, redirect_uri: REDIRECT_URI, scope: 'openid email offline_access',
    state: 'a-state', nonce: 'a-nonce', code_challenge: challenge, code_challenge_method: 'S256',
  });
  const { redirect } = await browse(url.href, { stopBefore: REDIRECT_URI });
  return { answer: new URL(redirect).searchParams, code_verifier };
}

function exchange(world, { answer, code_verifier }) {
  return post(world.endpoints.token_endpoint, {
    grant_type: 'authorization_code', client_id: world.client_id, redirect_uri: REDIRECT_URI, code_verifier, code: answer.get('code'),
  });
}

async function login(world) {
  const answer = await exchange(world, await authorize(world));
  assert.equal(answer.status, 200);
  return answer.json;
}

function refresh(world, refresh_token) {
  return post(world.endpoints.token_endpoint, { grant_type: 'refresh_token', client_id: world.client_id, refresh_token });
}

function prompt(world, token) {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  return fetchPage(`${world.base_url}/responses`, headers, 'POST', JSON.stringify({ model: world.model_name, input: 'hi', stream: true }));
}

for (const make of ['oidc-provider', 'sandbox']) {
  describe(make, () => {
    async function world(t) {
      const made = await startWorld(make);
      t.after(() => made.close());
      return made;
    }

    test('a login, a rotation, a reuse and what it revokes', async (t) => {
      const w = await world(t);
      const first = await login(w);
      const claims = JSON.parse(Buffer.from(first.id_token.split('.')[1], 'base64url'));
      assert.equal(claims.nonce, 'a-nonce');
      assert.equal(claims.iss, w.issuer);
      assert.ok(claims['https://api.openai.com/auth'].chatgpt_account_id);

      const second = await refresh(w, first.refresh_token);
      assert.equal(second.status, 200);
      assert.notEqual(second.json.refresh_token, first.refresh_token);
      assert.equal((await refresh(w, first.refresh_token)).json.error, 'invalid_grant');
      assert.equal((await refresh(w, second.json.refresh_token)).json.error, 'invalid_grant');
      const counts = await w.counts();
      assert.deepEqual([counts.authorize > 0, counts.exchanges, counts.refreshes], [true, 1, 3]);
    });

    test('the wrong verifier is refused', async (t) => {
      const w = await world(t);
      const answer = await exchange(w, { ...await authorize(w), code_verifier: randomBytes(32).toString('base64url') });
      assert.equal(answer.json.error, 'invalid_grant');
    });

    test('revocation', async (t) => {
      const w = await world(t);
      const tokens = await login(w);
      const { status } = await post(w.endpoints.revocation_endpoint, { token: tokens.refresh_token, client_id: w.client_id });
      assert.equal(status, 200);
      assert.equal((await w.counts()).revocations, 1);
      assert.equal(await w.knowsRefreshToken(tokens.refresh_token), false);
      assert.equal(await w.knowsRefreshToken((await login(w)).refresh_token), true);
    });

    test('faults: denial, wrong state, discovery, the token endpoint, an expired refresh token', async (t) => {
      const w = await world(t);
      await w.fault('deny');
      assert.equal((await authorize(w)).answer.get('error'), 'access_denied');
      await w.fault('deny', false);
      await w.fault('wrong_state');
      assert.notEqual((await authorize(w)).answer.get('state'), 'a-state');
      await w.fault('wrong_state', false);
      assert.equal((await authorize(w)).answer.get('state'), 'a-state');

      const document = `${w.issuer}/.well-known/openid-configuration`;
      await w.fault('discovery_down');
      assert.equal((await fetchPage(document)).status, 503);
      await w.fault('discovery_down', false);
      const metadata = JSON.parse((await fetchPage(document)).body);
      for (const [name, url] of Object.entries({ issuer: w.issuer, ...w.endpoints })) assert.equal(metadata[name], url);

      const tokens = await login(w);
      await w.fault('token_500');
      const { status } = await fetchPage(w.endpoints.token_endpoint, form, 'POST', 'grant_type=refresh_token');
      assert.equal(status, 500);
      await w.fault('token_500', false);
      await w.fault('refresh_token_expired');
      assert.equal((await refresh(w, tokens.refresh_token)).json.error, 'invalid_grant');
    });

    test('the model API knows who asks', async (t) => {
      const w = await world(t);
      const tokens = await login(w);
      assert.equal((await prompt(w, 'sandbox-nobody')).status, 401);
      const answer = await prompt(w, tokens.access_token);
      assert.equal(answer.status, 200);
      assert.match(answer.body, /event: response\.completed/);
      await w.fault('access_token_forgotten');
      assert.equal((await prompt(w, tokens.access_token)).status, 401);
    });
  });
}

test('a gate holds an endpoint until it is opened', async (t) => {
  const world = await startWorld('oidc-provider');
  t.after(() => world.close());
  const door = gate();
  world.authority.response.token = { gate: door, status: 404, body: 'gone' };
  const waiting = fetchPage(world.endpoints.token_endpoint, form, 'POST', 'grant_type=refresh_token');
  await world.authority.record.until({ grant_type: 'refresh_token' });
  door.open();
  assert.equal((await waiting).status, 404);
});
