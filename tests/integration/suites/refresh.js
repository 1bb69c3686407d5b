// What becomes of a stored login: refresh, rotation, reuse, revocation, an authority that fails. The same against any authority.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { failed, loggedIn, login, scene, succeeded } from '../lib/scene.js';

const PAST = -10; // seconds left: expired
const DUE = 200; // less than the lead of five minutes, and still good
const GOOD = 2000;

export function refreshSuite(make) {
  describe(`refresh, authority: ${make}`, () => {
    test('an expired token is refreshed, each time with the newest refresh token', async (t) => {
      const { world, home } = await loggedIn(t, make);
      const seen = new Set([home.credential('company').refresh_token]);
      let generation = home.credential('company').generation ?? 0;
      for (let time = 1; time <= 3; time += 1) {
        home.setExpiry('company', PAST);
        const token = succeeded(await home.token('company'));
        const credential = home.credential('company');
        assert.equal(token.stdout, `${credential.access_token}\n`);
        assert.equal(seen.has(credential.refresh_token), false, 'the refresh token rotates');
        assert.ok(credential.generation > generation, 'the generation rises');
        assert.ok(Date.parse(credential.expires_at) > Date.now());
        seen.add(credential.refresh_token);
        generation = credential.generation;
      }
      assert.equal((await world.counts()).refreshes, 3);
    });

    test('a good token is used as it is, a due one is refreshed', async (t) => {
      const { world, home } = await loggedIn(t, make);
      const { access_token } = home.credential('company');
      home.setExpiry('company', GOOD);
      assert.equal(succeeded(await home.token('company')).stdout, `${access_token}\n`);
      assert.equal((await world.counts()).refreshes, 0);
      home.setExpiry('company', DUE);
      assert.notEqual(succeeded(await home.token('company')).stdout, `${access_token}\n`);
      assert.equal((await world.counts()).refreshes, 1);
    });

    test('--min-validity and auth refresh ask for more', async (t) => {
      const { world, home } = await loggedIn(t, make);
      home.setExpiry('company', GOOD);
      succeeded(await home.token('company', ['--min-validity', '30m']));
      assert.equal((await world.counts()).refreshes, 0);
      home.setExpiry('company', GOOD);
      succeeded(await home.token('company', ['--min-validity', '40m']));
      assert.equal((await world.counts()).refreshes, 1);
      succeeded(await home.run(['auth', 'refresh', 'company']));
      assert.equal((await world.counts()).refreshes, 2);
    });

    test('status never refreshes', async (t) => {
      const { world, home } = await loggedIn(t, make);
      for (const [left, status] of [[GOOD, 'authenticated'], [DUE, 'expiring'], [PAST, 'expired']]) {
        home.setExpiry('company', left);
        const { run, rows } = await home.status('company');
        assert.equal(rows[0].status, status);
        assert.equal(run.code, 0, 'refreshable, so usable');
      }
      assert.equal((await world.counts()).refreshes, 0);
    });

    test('an old refresh token, put back, is refused once and not tried again', async (t) => {
      const { world, home } = await loggedIn(t, make);
      const old = readFileSync(home.credentialFile('company'), 'utf8');
      succeeded(await home.run(['auth', 'refresh', 'company']));
      home.writeCredential('company', old);
      home.setExpiry('company', PAST);
      assert.equal((await world.counts()).refreshes, 1);

      const first = await home.token('company');
      failed(first, { exit: 4, code: 'AUTH_SESSION_EXPIRED', fix: /handover auth login company/ });
      assert.equal(first.stdout, '');
      assert.equal((await world.counts()).refreshes, 2);

      failed(await home.token('company'), { exit: 4, code: 'AUTH_SESSION_EXPIRED', fix: /handover auth login company/ });
      failed(await home.run(['run', '-p', 'company', 'hi']), { exit: 4, code: 'AUTH_SESSION_EXPIRED' });
      assert.equal((await world.counts()).refreshes, 2, 'a refusal for good is not tried in a loop');

      const { run, rows } = await home.status('company');
      assert.equal(run.code, 4);
      assert.equal(rows[0].status, 'login_needed');
      assert.equal(rows[0].login_needed.code, 'invalid_grant');

      succeeded((await login(home)).run);
      succeeded(await home.token('company'));
    });

    test('an expired refresh token: the access token serves until it expires', async (t) => {
      const { world, home } = await loggedIn(t, make);
      const { access_token } = home.credential('company');
      await world.fault('refresh_token_expired');
      home.setExpiry('company', DUE);
      const served = succeeded(await home.token('company'));
      assert.equal(served.stdout, `${access_token}\n`);
      assert.match(served.stderr, /warn/i);
      assert.equal((await world.counts()).refreshes, 1);
      succeeded(await home.token('company'));
      assert.equal((await world.counts()).refreshes, 1);
      home.setExpiry('company', PAST);
      failed(await home.token('company'), { exit: 4, code: 'AUTH_SESSION_EXPIRED', fix: /handover auth login company/ });
      assert.equal((await world.counts()).refreshes, 1);
    });

    test('a failing authority: warn, go on, back off', async (t) => {
      const { world, home } = await loggedIn(t, make);
      const { access_token } = home.credential('company');
      await world.fault('token_500');
      home.setExpiry('company', DUE);
      const served = succeeded(await home.token('company'));
      assert.equal(served.stdout, `${access_token}\n`);
      assert.match(served.stderr, /warn/i);
      assert.equal((await world.counts()).refreshes, 1);
      succeeded(await home.run(['run', '-p', 'company', 'hi']));
      assert.equal((await world.counts()).refreshes, 1, 'the back-off of one process holds for the next');

      home.setExpiry('company', PAST);
      failed(await home.token('company'), { exit: 4, code: 'AUTH_REFRESH_UNAVAILABLE' });
      await world.fault('token_500', false);
      succeeded(await home.run(['auth', 'refresh', 'company']));
      succeeded(await home.token('company'));
    });

    test('nobody at the authority', async (t) => {
      const { world, home } = await loggedIn(t, make);
      const { access_token, refresh_token } = home.credential('company');
      await world.stopAuthority();
      home.setExpiry('company', DUE);
      assert.equal(succeeded(await home.token('company')).stdout, `${access_token}\n`);
      home.setExpiry('company', PAST);
      const run = failed(await home.token('company'), { exit: 4, code: 'AUTH_REFRESH_UNAVAILABLE' });
      assert.doesNotMatch(run.stderr, /auth login/, 'the login is not over');
      assert.equal(home.credential('company').refresh_token, refresh_token);
      assert.equal(home.credential('company').login_needed ?? null, null);
    });

    test('logout revokes', async (t) => {
      const { world, home } = await loggedIn(t, make);
      const { refresh_token } = home.credential('company');
      succeeded(await home.run(['auth', 'logout', 'company']));
      assert.equal(home.hasCredential('company'), false);
      assert.ok((await world.counts()).revocations >= 1);
      assert.equal(await world.knowsRefreshToken(refresh_token), false, 'the refresh token is dead at the authority');
      failed(await home.token('company'), { exit: 4, code: 'AUTH_NOT_LOGGED_IN', fix: /handover auth login company/ });
      const { rows } = await home.status('company');
      assert.equal(rows[0].status, 'not_authenticated');
    });

    test('logout --no-revoke does not', async (t) => {
      const { world, home } = await loggedIn(t, make);
      const { refresh_token } = home.credential('company');
      succeeded(await home.run(['auth', 'logout', 'company', '--no-revoke']));
      assert.equal(home.hasCredential('company'), false);
      assert.equal((await world.counts()).revocations, 0);
      assert.equal(await world.knowsRefreshToken(refresh_token), true);
    });

    test('logout with nobody at the authority removes what is here', async (t) => {
      const { world, home } = await loggedIn(t, make);
      await world.stopAuthority();
      succeeded(await home.run(['auth', 'logout', 'company']));
      assert.equal(home.hasCredential('company'), false);
    });

    test('an older credential file without a refresh token or an expiry', async (t) => {
      const { world, home } = await loggedIn(t, make);
      const { access_token } = home.credential('company');
      home.writeCredential('company', { version: 1, provider: 'company', account: 'default', method: 'login', access_token });
      assert.equal(succeeded(await home.token('company')).stdout, `${access_token}\n`);
      succeeded(await home.run(['run', '-p', 'company', 'hi']));
      failed(await home.run(['auth', 'refresh', 'company']), { exit: 4, code: 'AUTH_SESSION_EXPIRED', fix: /handover auth login company/ });
      assert.equal((await world.counts()).refreshes, 0);
    });

    test('a credential goes only to what it was issued for', async (t) => {
      const { world, home } = await loggedIn(t, make);
      const other = await scene(t, make);
      for (const [key, config] of [
        ['issuer', world.companyConfig({ issuer: other.world.issuer })],
        ['client_id', world.companyConfig({ client_id: 'another-client' })],
        ['base_url', world.companyConfig({}, { base_url: other.world.base_url })],
      ]) {
        home.setConfig(config);
        home.setExpiry('company', PAST);
        const refused = await home.token('company');
        assert.equal(refused.code, 4, `${key}: ${refused}`);
        assert.match(refused.stderr, new RegExp(key === 'base_url' ? 'origin|base_url' : key), String(refused));
        home.setExpiry('company', GOOD);
        assert.equal((await home.run(['run', '-p', 'company', 'hi'])).code, 4, key);
      }
      assert.equal((await other.world.counts()).refreshes, 0);
      assert.equal((await other.world.counts()).requests, 0);
      home.setConfig(world.companyConfig());
      succeeded(await home.run(['run', '-p', 'company', 'hi']));
    });

    test('unknown members survive a rewrite', async (t) => {
      const { home } = await loggedIn(t, make);
      home.writeCredential('company', { ...home.credential('company'), later: { kept: [1, 2] } });
      succeeded(await home.run(['auth', 'refresh', 'company']));
      assert.deepEqual(home.credential('company').later, { kept: [1, 2] });
    });

    test('a damaged credential is set aside, not deleted', async (t) => {
      const { home } = await loggedIn(t, make);
      const half = readFileSync(home.credentialFile('company'), 'utf8').slice(0, 60);
      writeFileSync(home.credentialFile('company'), half);
      const run = await home.token('company');
      assert.equal(run.code, 4, String(run));
      const aside = /\S+company@default\.json\.corrupt-\S*[0-9Z]/.exec(run.stderr)?.[0];
      assert.ok(aside, `the message names the file: ${run}`);
      assert.equal(home.hasCredential('company'), false);
      assert.equal(readFileSync(home.corruptFiles()[0], 'utf8'), half);
      succeeded((await login(home)).run);
    });
  });
}
