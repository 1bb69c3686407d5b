// Signing in with a code on another device: RFC 8628 against oidc-provider and the sandbox, the codex flow against the sandbox.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { enterCode, shownCode } from './lib/device.js';
import { failed, scene, succeeded } from './lib/scene.js';

const DEVICE = ['auth', 'login', 'company', '--device'];

describe('RFC 8628, authority: oidc-provider', () => {
  test('the code is entered in its pages; nothing is asked before the interval', async (t) => {
    const { world, home } = await scene(t, 'oidc-provider');
    const run = home.start(DEVICE);
    const shown = await shownCode(run);
    assert.match(run.stderr, /valid for \d+ min/);
    await run.until(new RegExp(`^${world.issuer}/device\\?user_code=${shown.user_code}$`, 'm')); // the last of what it shows
    await world.authority.record.until({ answered: 'token', status: 400 }); // authorization_pending
    const page = await enterCode(shown);
    assert.match(page.body, /Signed in/, page.body);
    succeeded(await run.end());

    const credential = home.credential('company');
    assert.equal(credential.issuer, world.issuer);
    assert.equal(credential.client_id, world.client_id);
    assert.equal(credential.token_endpoint, world.endpoints.token_endpoint);
    assert.ok(credential.access_token && credential.refresh_token && credential.id_token);
    const polls = world.authority.record.where({ endpoint: 'token' });
    assert.ok(polls.length >= 2);
    for (const poll of polls) {
      assert.equal(poll.params.grant_type, 'urn:ietf:params:oauth:grant-type:device_code');
      assert.equal(poll.params.client_id, world.client_id);
    }
    const [asked] = world.authority.record.where({ endpoint: 'device' });
    assert.equal(asked.params.scope, 'openid email offline_access');

    succeeded(await home.run(['auth', 'refresh', 'company']));
    succeeded(await home.run(['run', '-p', 'company', 'hi']));
  });

  test('the person aborts', async (t) => {
    const { home } = await scene(t, 'oidc-provider');
    const run = home.start(DEVICE);
    await enterCode(await shownCode(run), { abort: true });
    failed(await run.end(), { exit: 4, code: 'AUTH_DENIED', says: /access_denied/, fix: /--device/ });
    assert.equal(home.hasCredential('company'), false);
  });

  test('the code expires', async (t) => {
    const { world, home } = await scene(t, 'oidc-provider');
    const run = home.start(DEVICE);
    await shownCode(run);
    world.authority.expireDeviceCodes();
    failed(await run.end(), { exit: 4, code: 'AUTH_TIMEOUT', says: /expired_token/ });
    assert.equal(home.hasCredential('company'), false);
  });

  test('a network and a server that fail meanwhile are waited for', async (t) => {
    const { world, home } = await scene(t, 'oidc-provider');
    const trouble = [{ destroy: true }, { status: 503, body: '<h1>down</h1>' }];
    world.authority.response.token = () => trouble.shift();
    const run = home.start(DEVICE);
    const page = await enterCode(await shownCode(run));
    assert.match(page.body, /Signed in/);
    succeeded(await run.end());
    assert.equal(trouble.length, 0);
  });
});

const flows = [
  { flow: 'RFC 8628', provider: 'company', config: (w) => w.companyConfig() },
  { flow: 'codex', provider: 'codex', config: (w) => w.codexConfig() },
];
for (const { flow, provider, config } of flows) {
  describe(`device login by ${flow}, authority: sandbox`, () => {
    const args = ['auth', 'login', provider, '--device'];
    const begin = (t) => scene(t, 'sandbox', { config });

    test('from pending to a credential that works', async (t) => {
      const { world, home } = await begin(t);
      await world.sandbox.faults({ device_pending: 2 });
      const began = Date.now();
      const run = home.start(args);
      assert.deepEqual(await shownCode(run), { user_code: 'SAND-BOXX', verification_uri: `${world.issuer}/codex/device` });
      succeeded(await run.end());
      const counts = await world.counts();
      assert.equal(counts.device_polls, 3);
      assert.ok(Date.now() - began >= 3000, 'an interval of a second before each poll');
      const credential = home.credential(provider);
      assert.equal(credential.token_endpoint, `${world.issuer}/oauth/token`);
      assert.deepEqual(credential.origins, [new URL(world.issuer).origin]);
      succeeded(await home.run(['auth', 'refresh', provider]));
      succeeded(await home.run(['run', '-p', provider, 'hi']));
      const { rows } = await home.status(provider);
      assert.equal(rows[0].status, 'authenticated');
    });

    test('denied', async (t) => {
      const { world, home } = await begin(t);
      await world.sandbox.faults({ device_denied: true });
      failed(await home.run(args), { exit: 4, code: 'AUTH_DENIED', says: /access_denied/ });
      assert.equal(home.hasCredential(provider), false);
    });

    test('not offered', async (t) => {
      const { world, home } = await begin(t);
      await world.sandbox.faults({ device_disabled: true });
      failed(await home.run(args), { exit: 4, code: 'AUTH_METHOD_UNSUPPORTED', fix: /without --device/ });
    });

    test('nobody comes: --timeout', async (t) => {
      const { world, home } = await begin(t);
      await world.sandbox.faults({ device_pending: true });
      failed(await home.run([...args, '--timeout', '2s']), { exit: 4, code: 'AUTH_TIMEOUT' });
      assert.ok((await world.counts()).device_polls <= 1);
    });

    test('Ctrl-C while it waits', async (t) => {
      const { world, home } = await begin(t);
      await world.sandbox.faults({ device_pending: true });
      const run = home.start(args);
      await run.until(/Waiting for the sign-in/);
      run.kill('SIGINT');
      await run.end();
      assert.equal(run.code, 130, String(run));
      assert.equal(home.hasCredential(provider), false);
    });

    test('a login in the browser names the way without one', async (t) => {
      const { home } = await begin(t);
      const run = home.start(['auth', 'login', provider, '--no-browser', '--account', 'work']);
      await run.until(new RegExp(`handover auth login ${provider} --account work --device`));
      run.kill('SIGINT');
      await run.end();
    });
  });
}

test('slow_down: five seconds more', async (t) => {
  const { world, home } = await scene(t, 'sandbox');
  await world.sandbox.faults({ device_slow_down: 1 });
  const began = Date.now();
  succeeded(await home.run(DEVICE));
  assert.ok(Date.now() - began >= 7000, 'one second, then six');
  assert.equal((await world.counts()).device_polls, 2);
});

test('expired, says the sandbox', async (t) => {
  const { world, home } = await scene(t, 'sandbox');
  await world.sandbox.faults({ device_expired: true });
  failed(await home.run(DEVICE), { exit: 4, code: 'AUTH_TIMEOUT', says: /expired_token/ });
});

test('a method without device login names the methods there are', async (t) => {
  const { world, home } = await scene(t, 'sandbox', {
    config: (w) => w.companyConfig({ discovery: 'never', ...w.endpoints }),
  });
  failed(await home.run(DEVICE), { exit: 4, code: 'AUTH_METHOD_UNSUPPORTED', says: /company supports: .*login/ });
  failed(await home.run(['auth', 'login', 'openai', '--device']), { exit: 4, code: 'AUTH_METHOD_UNSUPPORTED', says: /api-key/ });
  failed(await home.run(['auth', 'login', 'company', '--device', '--with-api-key']), { exit: 2, code: 'USAGE' });
  assert.equal((await world.counts()).device_polls, 0);
});
