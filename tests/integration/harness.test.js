// The tests' own tools, proven with a plain PKCE client: what fails here is not Handover.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';

import { browse, fetchPage } from './lib/browser.js';
import { gate } from './lib/record.js';
import { startOidcServer, CLIENT_ID } from './lib/oidc_server.js';

let authority;
const REDIRECT_URI = 'http://127.0.0.1:65000/callback';

before(async () => { authority = await startOidcServer(); });
after(async () => { await authority.close(); });

const form = { 'content-type': 'application/x-www-form-urlencoded' };

async function post(url, params) {
  const page = await fetchPage(url, form, 'POST', new URLSearchParams(params).toString());
  return { status: page.status, json: page.body === '' ? null : JSON.parse(page.body) };
}

async function login(server) {
  const code_verifier = randomBytes(32).toString('base64url');
  const url = new URL(server.endpoints.authorization_endpoint);
  const challenge = createHash('sha256').update(code_verifier).digest('base64url');
  url.search = new URLSearchParams({
    response_type: 'code', client_id: CLIENT_ID, redirect_uri: REDIRECT_URI, scope: 'openid email offline_access',
    state: 'a-state', nonce: 'a-nonce', code_challenge: challenge, code_challenge_method: 'S256',
  });
  const { redirect } = await browse(url.href, { stopBefore: REDIRECT_URI });
  const answer = new URL(redirect).searchParams;
  assert.equal(answer.get('state'), 'a-state');
  return { answer, code_verifier };
}

async function exchange(server, { answer, code_verifier }) {
  return post(server.endpoints.token_endpoint, {
    grant_type: 'authorization_code', client_id: CLIENT_ID, redirect_uri: REDIRECT_URI, code_verifier, code: answer.get('code'),
  });
}

function refresh(server, refresh_token) {
  return post(server.endpoints.token_endpoint, { grant_type: 'refresh_token', client_id: CLIENT_ID, refresh_token });
}

test('a login, a rotation, a reuse and what it revokes', async () => {
  const first = await exchange(authority, await login(authority));
  assert.equal(first.status, 200);
  assert.ok(await authority.accepts(first.json.access_token));
  const claims = JSON.parse(Buffer.from(first.json.id_token.split('.')[1], 'base64url'));
  assert.equal(claims['https://api.openai.com/auth'].chatgpt_account_id, 'workspace-1');
  assert.equal(claims.nonce, 'a-nonce');

  const second = await refresh(authority, first.json.refresh_token);
  assert.equal(second.status, 200);
  assert.notEqual(second.json.refresh_token, first.json.refresh_token);

  const reused = await refresh(authority, first.json.refresh_token);
  assert.equal(reused.json.error, 'invalid_grant');
  const after_reuse = await refresh(authority, second.json.refresh_token);
  assert.equal(after_reuse.json.error, 'invalid_grant');
  assert.equal(authority.refreshes(), 4 - 1);
  assert.ok(authority.secrets.has(first.json.access_token));
});

test('the wrong verifier is refused', async () => {
  const started = await login(authority);
  const answer = await exchange(authority, { ...started, code_verifier: randomBytes(32).toString('base64url') });
  assert.equal(answer.json.error, 'invalid_grant');
});

test('revocation', async () => {
  const tokens = (await exchange(authority, await login(authority))).json;
  assert.ok(await authority.knowsRefreshToken(tokens.refresh_token));
  const answer = await fetchPage(authority.endpoints.revocation_endpoint, form, 'POST',
    new URLSearchParams({ token: tokens.refresh_token, client_id: CLIENT_ID }).toString());
  assert.equal(answer.status, 200);
  assert.equal(await authority.knowsRefreshToken(tokens.refresh_token), false);
});

test('denial, failing endpoints, a gate', async () => {
  authority.response.deny = true;
  const { answer } = await login(authority);
  assert.equal(answer.get('error'), 'access_denied');
  authority.response.deny = false;

  authority.response.discovery = { status: 503 };
  const document = `${authority.issuer}/.well-known/openid-configuration`;
  assert.equal((await fetchPage(document)).status, 503);
  delete authority.response.discovery;
  const metadata = JSON.parse((await fetchPage(document)).body);
  assert.equal(metadata.issuer, authority.issuer);
  for (const [name, url] of Object.entries(authority.endpoints)) assert.equal(metadata[name], url);

  const door = gate();
  authority.response.token = { gate: door, status: 404 };
  const waiting = refresh(authority, 'nothing').catch((error) => error);
  await authority.record.until({ endpoint: 'token' }, { n: authority.count('token') + 1 });
  door.open();
  await waiting;
  delete authority.response.token;
});

test('an expired refresh token', async () => {
  const tokens = (await exchange(authority, await login(authority))).json;
  authority.expireRefreshTokens();
  assert.equal((await refresh(authority, tokens.refresh_token)).json.error, 'invalid_grant');
});
