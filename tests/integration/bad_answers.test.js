// Authorities and providers that answer wrongly: a typed error with its exit status, and nothing lost.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { browse } from './lib/browser.js';
import { failed, loggedIn, login, scene, succeeded } from './lib/scene.js';

const make = 'sandbox';
const PAST = -10;
const DUE = 200;

for (const fault of ['id_token_expired', 'id_token_wrong_aud', 'id_token_wrong_iss', 'id_token_wrong_nonce', 'id_token_alg_none']) {
  test(`login: ${fault}`, async (t) => {
    const { world, home } = await scene(t, make);
    await world.sandbox.faults({ [fault]: true });
    failed((await login(home)).run, { exit: 4, code: 'AUTH_ID_TOKEN_INVALID' });
    assert.equal(home.hasCredential('company'), false);
  });
}

for (const fault of ['authorize_no_iss', 'authorize_wrong_iss']) {
  test(`login: ${fault} (RFC 9207)`, async (t) => {
    const { world, home } = await scene(t, make);
    await world.sandbox.faults({ [fault]: true });
    const run = home.start(['auth', 'login', 'company', '--no-browser', '--timeout', '5s']);
    const page = await browse(await run.authorizationUrl());
    assert.equal(page.status, 400);
    await run.end();
    assert.equal(run.code, 4, String(run));
    assert.equal((await world.counts()).exchanges, 0);
    assert.equal(home.hasCredential('company'), false);
  });
}

for (const fault of ['token_html', 'token_drop_connection', 'token_lose_answer', 'token_half_answer', 'token_not_json']) {
  test(`login: ${fault}: the code is sent once`, async (t) => {
    const { world, home } = await scene(t, make);
    await world.sandbox.faults({ [fault]: true });
    failed((await login(home)).run, { exit: 4, code: 'AUTH_TOKEN_EXCHANGE_FAILED' });
    assert.ok((await world.counts()).requests_to_token <= 1);
    assert.equal(home.hasCredential('company'), false);
    await world.sandbox.faults({ reset: true });
    succeeded((await login(home)).run);
  });
}

test('token answers without expires_in, or with a text there', async (t) => {
  for (const fault of ['no_expires_in', 'expires_in_text']) {
    const { world, home } = await scene(t, make);
    await world.sandbox.faults({ [fault]: true });
    succeeded((await login(home)).run);
    assert.ok(home.credential('company').expires_at, fault);
  }
});

test('a login without a refresh token', async (t) => {
  const { world, home } = await scene(t, make);
  await world.sandbox.faults({ no_refresh_token: true });
  succeeded((await login(home)).run);
  const { rows } = await home.status('company');
  assert.equal(rows[0].refreshable, false);
  home.setExpiry('company', PAST);
  failed(await home.token('company'), { exit: 4, code: 'AUTH_SESSION_EXPIRED', fix: /handover auth login company/ });
});

test('an authority that does not rotate', async (t) => {
  const { world, home } = await loggedIn(t, make);
  await world.sandbox.faults({ refresh_same_token: true });
  for (let time = 0; time < 2; time += 1) {
    home.setExpiry('company', PAST);
    succeeded(await home.token('company'));
  }
});

// What became of the refresh token is unknown: it is sent again at most once, and only when there is nothing left to lose.
test('a refresh whose answer was lost, nothing spent', async (t) => {
  const { world, home } = await loggedIn(t, make);
  await world.sandbox.faults({ token_drop_connection: { count: 1 } });
  home.setExpiry('company', DUE);
  succeeded(await home.token('company'));
  succeeded(await home.token('company'));
  assert.ok((await world.counts()).requests_to_token <= 2, 'one for the login, one for the refresh');
  // The pause after a failed refresh holds for `auth token`; who asks for a refresh does not wait for it.
  home.setExpiry('company', PAST);
  failed(await home.token('company'), { exit: 4, code: 'AUTH_REFRESH_UNAVAILABLE' });
  succeeded(await home.run(['auth', 'refresh', 'company']));
  succeeded(await home.token('company'));
  assert.equal((await world.counts()).refresh_successes, 1);
});

test('a refresh whose answer was lost, the token spent', async (t) => {
  const { world, home } = await loggedIn(t, make);
  const { access_token } = home.credential('company');
  await world.sandbox.faults({ token_lose_answer: { count: 1 } });
  home.setExpiry('company', DUE);
  for (let time = 0; time < 3; time += 1) assert.equal(succeeded(await home.token('company')).stdout, `${access_token}\n`);
  assert.equal((await world.counts()).refreshes, 1, 'nobody sends it again while the access token works');
  home.setExpiry('company', PAST);
  failed(await home.run(['auth', 'refresh', 'company']), { exit: 4, code: 'AUTH_SESSION_EXPIRED' });
  failed(await home.token('company'), { exit: 4, code: 'AUTH_SESSION_EXPIRED' });
  assert.equal((await world.counts()).refreshes, 2);
});

test('a refresh that brings tokens of another account: revoked, never stored, said', async (t) => {
  const { world, home } = await loggedIn(t, 'oidc-provider');
  const before = home.credential('company');
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = JSON.parse(Buffer.from(before.id_token.split('.')[1], 'base64url'));
  world.authority.response.token = {
    status: 200,
    json: {
      access_token: 'sandbox-access-of-mallory', refresh_token: 'sandbox-refresh-of-mallory', token_type: 'Bearer', expires_in: 3600,
      id_token: `${part({ alg: 'RS256' })}.${part({ ...claims, sub: 'mallory' })}.${part('signature')}`,
    },
  };
  home.setExpiry('company', DUE);
  const due = succeeded(await home.token('company'));
  assert.equal(due.stdout, `${before.access_token}\n`);
  assert.match(due.stderr, /^error: .*tokens of another account/m);
  assert.equal((await world.counts()).revocations, 1);
  const { refresh_token, access_token, login_needed } = home.credential('company');
  assert.deepEqual([refresh_token, access_token, login_needed.code], [before.refresh_token, before.access_token, 'another_account']);
  home.setExpiry('company', PAST);
  failed(await home.token('company'), { exit: 4, code: 'AUTH_SESSION_EXPIRED', fix: /handover auth login company/ });
  assert.equal((await world.counts()).refreshes, 1);
  delete world.authority.response.token;
  succeeded((await login(home)).run);
  succeeded(await home.token('company'));
});

test('an upstream that answers 401 to everything does not cost a refresh for each request', async (t) => {
  const { world, home } = await loggedIn(t, make);
  await world.sandbox.faults({ model_401_once: { count: 1000 } });
  const requests = 6;
  const begun = performance.now();
  for (let n = 0; n < requests; n += 1) failed(await home.run(['run', '-p', 'company', 'hi']), { exit: 4, code: 'AUTH_SESSION_EXPIRED' });
  const seconds = (performance.now() - begun) / 1000;
  const allowed = 1 + [5, 15, 35, 75].filter((pause) => seconds > pause).length; // pauses of 5, 10, 20 and 40 s in a row
  const { refreshes } = await world.counts();
  t.diagnostic(`${requests} requests in ${seconds.toFixed(1)} s: ${refreshes} refreshes`);
  assert.ok(refreshes >= 1 && refreshes <= allowed, `${refreshes} refreshes, ${allowed} allowed`);
  await world.sandbox.faults({ reset: true });
  succeeded(await home.run(['run', '-p', 'company', 'hi']));
});

for (const [fault, code] of [
  [{ model_drop_mid_stream: true }, 'PROVIDER_UNAVAILABLE'], [{ model_error_event: 'server_error' }, 'PROVIDER_\\w+'],
  [{ model_html: 403 }, 'PROVIDER_\\w+'], [{ model_status: 400 }, 'PROVIDER_REJECTED'],
]) {
  test(`run: ${JSON.stringify(fault)}`, async (t) => {
    const { world, home } = await loggedIn(t, make);
    await world.sandbox.faults(fault);
    failed(await home.run(['run', '-p', 'company', 'hi']), { exit: 5, code });
  });
}
