// Logging in through a browser, against any authority that answers to the names of lib/world.js.
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { once } from 'node:events';
import { describe, test } from 'node:test';

import { browse, fetchPage, redirectUriOf } from '../lib/browser.js';
import { occupiedPort } from '../lib/loopback.js';
import { failed, loggedIn, login, scene, succeeded } from '../lib/scene.js';

// Sends bytes as they are and waits until the peer has closed; what it said.
async function sendRaw(port, bytes) {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  let answer = '';
  socket.on('data', (chunk) => { answer += chunk; });
  socket.on('error', () => {});
  socket.end(bytes);
  await once(socket, 'close');
  return answer;
}

export function loginSuite(make) {
  describe(`login, authority: ${make}`, () => {
    test('PKCE with the browser that $BROWSER names', async (t) => {
      const { world, home } = await scene(t, make);
      const env = {
        BROWSER: home.browser(['--environment', 'OPENAI_API_KEY,LANG']), OPENAI_API_KEY: 'sandbox-key-not-for-browsers',
      };
      const run = succeeded(await home.run(['auth', 'login', 'company'], { env }));
      assert.equal(run.stdout.includes('http'), false, 'the URL belongs on stderr');

      const credential = home.credential('company');
      assert.equal(credential.version, 1);
      assert.equal(credential.method, 'login');
      assert.equal(credential.issuer, world.issuer);
      assert.equal(credential.client_id, world.client_id);
      assert.ok(credential.access_token && credential.refresh_token && credential.expires_at);
      assert.equal(statSync(home.credentialFile('company')).mode & 0o777, 0o600);
      assert.equal(statSync(home.path('credentials')).mode & 0o777, 0o700);

      const counts = await world.counts();
      assert.equal(counts.exchanges, 1);
      const token = succeeded(await home.token('company'));
      assert.equal(token.stdout, `${credential.access_token}\n`);

      const { rows } = await home.status('company');
      assert.equal(rows[0].status, 'authenticated');
      assert.equal(rows[0].billing, 'subscription');
      assert.equal(rows[0].concurrency, 1);
      assert.equal(rows[0].source, 'stored');
      assert.equal(rows[0].refreshable, true);

      const [report] = home.browserReports();
      if (report) {
        assert.equal(report.environment.OPENAI_API_KEY, null, 'the browser must not get the keys');
        assert.equal(report.environment.LANG, 'C.UTF-8');
      }
    });

    test('the authorization request is one of RFC 7636 and OpenID Connect', async (t) => {
      const { home } = await scene(t, make);
      const run = home.start(['auth', 'login', 'company', '--no-browser']);
      const url = new URL(await run.authorizationUrl());
      const params = url.searchParams;
      assert.equal(params.get('response_type'), 'code');
      assert.equal(params.get('code_challenge_method'), 'S256');
      assert.match(params.get('code_challenge'), /^[A-Za-z0-9_-]{43}$/);
      assert.match(params.get('state'), /^[A-Za-z0-9_-]{22,}$/);
      assert.ok(params.get('nonce'));
      assert.equal(params.get('scope'), 'openid email offline_access');
      assert.match(params.get('redirect_uri'), /^http:\/\/127\.0\.0\.1:[1-9]\d*\/callback$/);
      const page = await browse(url.href);
      assert.equal(page.status, 200);
      assert.match(page.headers['content-type'], /text\/html/);
      succeeded(await run.end());
    });

    test('denied', async (t) => {
      const { world, home } = await scene(t, make);
      await world.fault('deny');
      const { run } = await login(home);
      failed(run, { exit: 4, code: 'AUTH_DENIED' });
      assert.equal(home.hasCredential('company'), false);
      assert.equal((await world.counts()).exchanges, 0);
    });

    test('a redirect with the wrong state does not end the login', async (t) => {
      const { world, home } = await scene(t, make);
      const run = home.start(['auth', 'login', 'company', '--no-browser']);
      const url = await run.authorizationUrl();
      await world.fault('wrong_state');
      const refused = await browse(url);
      assert.equal(refused.status, 400);
      assert.equal((await world.counts()).exchanges, 0);
      await world.fault('wrong_state', false);
      const page = await browse(url);
      assert.equal(page.status, 200);
      succeeded(await run.end());
      assert.equal((await world.counts()).exchanges, 1);
    });

    test('noise on the listener', async (t) => {
      const { world, home } = await scene(t, make);
      const run = home.start(['auth', 'login', 'company', '--no-browser']);
      const url = await run.authorizationUrl();
      const callback = new URL(redirectUriOf(url));
      const port = Number(callback.port);
      const state = new URL(url).searchParams.get('state');

      const slow = connect(port, '127.0.0.1'); // says half a request line, and stays
      slow.on('error', () => {});
      slow.write('GET /callback?code=');
      const silent = connect(port, '127.0.0.1');
      silent.on('error', () => {});
      t.after(() => { slow.destroy(); silent.destroy(); });

      await sendRaw(port, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03garbage\r\n\r\n');
      await sendRaw(port, `GET /callback HTTP/1.1\r\nHost: x\r\nX-Big: ${'a'.repeat(256 * 1024)}\r\n\r\n`);
      const quiet = async (path, method = 'GET') => (await fetchPage(`${callback.origin}${path}`, {}, method)).status;
      assert.equal(await quiet('/favicon.ico'), 404);
      assert.equal(await quiet('/'), 404);
      assert.equal(await quiet('/cancel'), 404);
      assert.equal(await quiet('/callback/'), 404);
      assert.equal(await quiet(`/callback?code=x&state=${state}`, 'POST'), 405);
      assert.equal(await quiet(`/callback?code=x&state=${state}`, 'HEAD'), 405);
      assert.equal(await quiet('/callback'), 400);
      assert.equal(await quiet('/callback?code=x'), 400);
      assert.equal(await quiet('/callback?code=x&state='), 400);
      assert.equal(await quiet(`/callback?code=x&state=${state}x`), 400);
      assert.equal(await quiet('/callback?error=access_denied'), 400);
      assert.equal((await world.counts()).exchanges, 0);

      const page = await browse(url);
      assert.equal(page.status, 200);
      succeeded(await run.end());
    });

    test('a redirect pasted on stdin', async (t) => {
      const { home } = await scene(t, make);
      const run = home.start(['auth', 'login', 'company', '--no-browser'], { stdin: 'pipe' });
      const url = await run.authorizationUrl();
      const { redirect } = await browse(url, { stopBefore: redirectUriOf(url) });
      run.child.stdin.write(`${redirect}\n`);
      succeeded(await run.end());
      succeeded(await home.token('company'));
    });

    test('a pasted redirect of another login is explained, and the right one still counts', async (t) => {
      const { world, home } = await scene(t, make);
      const run = home.start(['auth', 'login', 'company', '--no-browser'], { stdin: 'pipe' });
      const url = await run.authorizationUrl();
      const wrong = new URL(redirectUriOf(url));
      wrong.search = '?code=sandbox-somebody-elses&state=not-ours';
      run.child.stdin.write(`${wrong.href}\n`);
      await run.until(/cannot be used.*state/);
      assert.equal((await world.counts()).exchanges, 0);
      const { redirect } = await browse(url, { stopBefore: redirectUriOf(url) });
      run.child.stdin.write(`${redirect}\n`);
      succeeded(await run.end());
      assert.equal((await world.counts()).exchanges, 1);
    });

    test('a busy port: the next redirect URI', async (t) => {
      const busy = await occupiedPort();
      t.after(() => busy.close());
      const redirect_uris = [`http://127.0.0.1:${busy.port}/callback`, 'http://127.0.0.1:0/callback'];
      const { home } = await loggedIn(t, make, { config: (w) => w.companyConfig({ redirect_uris }) });
      assert.ok(home.hasCredential('company'));
    });

    test('every port busy', async (t) => {
      const busy = await occupiedPort();
      t.after(() => busy.close());
      const redirect_uris = [`http://127.0.0.1:${busy.port}/callback`];
      const { world, home } = await scene(t, make, { config: (w) => w.companyConfig({ redirect_uris }) });
      const run = await home.run(['auth', 'login', 'company', '--no-browser']);
      failed(run, { exit: 4, code: 'AUTH_PORT_BUSY', says: new RegExp(String(busy.port)) });
      assert.equal((await world.counts()).authorize, 0);
    });

    test('nobody signs in', async (t) => {
      const { home } = await scene(t, make);
      const run = await home.run(['auth', 'login', 'company', '--no-browser', '--timeout', '300ms']);
      failed(run, { exit: 4, code: 'AUTH_TIMEOUT' });
      assert.equal(home.hasCredential('company'), false);
    });

    test('Ctrl-C while it waits', async (t) => {
      const { home } = await scene(t, make);
      const run = home.start(['auth', 'login', 'company', '--no-browser']);
      await run.authorizationUrl();
      run.kill('SIGINT');
      await run.end();
      assert.equal(run.code, 130, String(run));
    });

    test('a failed login leaves the old credential', async (t) => {
      const { world, home } = await loggedIn(t, make);
      const before = readFileSync(home.credentialFile('company'), 'utf8');
      await world.fault('deny');
      const denied = await login(home, 'company', ['--force']);
      failed(denied.run, { exit: 4, code: 'AUTH_DENIED' });
      await world.fault('deny', false);
      await world.fault('token_500');
      const refused = await login(home, 'company', ['--force']);
      failed(refused.run, { exit: 4, code: 'AUTH_TOKEN_EXCHANGE_FAILED' });
      const late = await home.run(['auth', 'login', 'company', '--no-browser', '--force', '--timeout', '200ms']);
      failed(late, { exit: 4, code: 'AUTH_TIMEOUT' });
      assert.equal(readFileSync(home.credentialFile('company'), 'utf8'), before);
    });

    test('a second login replaces the first', async (t) => {
      const { home } = await loggedIn(t, make);
      const first = home.credential('company');
      succeeded((await login(home, 'company', ['--force'])).run);
      const second = home.credential('company');
      assert.notEqual(second.access_token, first.access_token);
      assert.ok((second.generation ?? 0) > (first.generation ?? 0), 'the generation rises');
    });

    test('a method that the provider does not have', async (t) => {
      const { home } = await scene(t, make);
      const run = await home.run(['auth', 'login', 'company', '--method', 'logn', '--no-browser']);
      failed(run, { exit: 4, code: 'AUTH_METHOD_UNSUPPORTED', says: /login/ });
    });

    test('the codex plugin: its redirect, its extra parameters, its claims', async (t) => {
      const { home } = await scene(t, make, { want: { refresh_encoding: 'json', nonce: false }, config: (w) => w.codexConfig() });
      const run = home.start(['auth', 'login', 'codex', '--no-browser']);
      const url = new URL(await run.authorizationUrl());
      assert.match(redirectUriOf(url.href), /^http:\/\/localhost:\d+\/auth\/callback$/);
      assert.equal(url.searchParams.get('id_token_add_organizations'), 'true');
      assert.equal((await browse(url.href)).status, 200);
      succeeded(await run.end());
      const { rows } = await home.status('codex');
      assert.equal(rows[0].status, 'authenticated');
      assert.ok(rows[0].claims.account_id, 'the account id is a claim of the codex manifest');
      home.setExpiry('codex', -10);
      succeeded(await home.token('codex'));
    });
  });
}
