// One prompt through a provider: streaming, cancelling, recovery, limits.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { listen } from './lib/loopback.js';
import { gate, Record } from './lib/record.js';
import { failed, loggedIn, scene, succeeded } from './lib/scene.js';
import { Home, toml } from './lib/handover.js';

const make = 'oidc-provider';

test('the answer, the token it was asked with, the newline at its end', async (t) => {
  const { world, home } = await loggedIn(t, make);
  const run = succeeded(await home.run(['run', '-p', 'company', 'say something']));
  assert.equal(run.stdout, `${world.text}\n`);
  const [request] = world.models.record.where({ method: 'POST' });
  assert.equal(request.path, '/v1/responses');
  assert.equal(request.authorization, `Bearer ${home.credential('company').access_token}`);
  assert.equal(request.body.model, 'test-model');
});

test('the chat dialect, a prompt on stdin, --json, --no-stream', async (t) => {
  const { world, home } = await loggedIn(t, make, { config: (w) => w.companyConfig({}, { dialects: ['chat_completions'] }) });
  const piped = succeeded(await home.run(['run', '-p', 'company', '-s', 'be brief'], { input: 'from stdin' }));
  assert.equal(piped.stdout, `${world.text}\n`);
  const [request] = world.models.record.where({ path: '/v1/chat/completions' });
  assert.ok(JSON.stringify(request.body).includes('from stdin'));
  assert.ok(JSON.stringify(request.body).includes('be brief'));
  for (const args of [['--json'], ['--json', '--no-stream']]) {
    const run = succeeded(await home.run(['run', '-p', 'company', ...args, 'hi']));
    assert.equal(JSON.parse(run.stdout).choices[0].message.content, world.text);
  }
});

test('text is shown as it comes', async (t) => {
  const { world, home } = await loggedIn(t, make);
  const gates = [gate(), gate(), gate(), gate()];
  world.models.response = { gates };
  const run = home.start(['run', '-p', 'company', 'hi']);
  let shown = '';
  for (const [n, word] of ['The ', 'quick ', 'brown ', 'fox.'].entries()) {
    gates[n].open();
    shown += word;
    await run.until(new RegExp(`^${shown}`), 'stdout');
    assert.equal(run.stdout.trimEnd(), shown.trimEnd());
  }
  succeeded(await run.end());
});

test('Ctrl-C: 130, and the upstream notices', async (t) => {
  const { world, home } = await loggedIn(t, make);
  world.models.response = { gates: [undefined, gate()] };
  const run = home.start(['run', '-p', 'company', 'hi']);
  await run.until(/^The /, 'stdout');
  run.kill('SIGINT');
  await run.end();
  assert.equal(run.code, 130, String(run));
  await world.models.record.until({ disconnected: true });
  world.models.response = {};
  succeeded(await home.run(['run', '-p', 'company', 'the lease is free again']));
});

test('a 401 on a token that looked good: one refresh, one more request', async (t) => {
  const { world, home } = await loggedIn(t, make);
  await world.fault('access_token_forgotten');
  const run = succeeded(await home.run(['run', '-p', 'company', 'hi']));
  assert.equal(run.stdout, `${world.text}\n`);
  const counts = await world.counts();
  assert.deepEqual([counts.requests, counts.refreshes], [2, 1]);
});

test('a 401 that stays: never a third request', async (t) => {
  const { world, home } = await loggedIn(t, make);
  world.models.accepts = () => false;
  const run = await home.run(['run', '-p', 'company', 'hi']);
  assert.ok([4, 5].includes(run.code), String(run));
  const counts = await world.counts();
  assert.deepEqual([counts.requests, counts.refreshes], [2, 1]);
});

test('a usage limit: exit 5 with the time of its reset, asked once', async (t) => {
  const { world, home } = await loggedIn(t, 'sandbox', { config: (w) => w.codexConfig() }, 'codex');
  await world.fault('usage_limit');
  const run = await home.run(['run', '-p', 'codex', 'hi']);
  failed(run, { exit: 5, code: 'PROVIDER_QUOTA_EXHAUSTED' });
  const year = new Date(Date.now() + 3600e3).getUTCFullYear();
  assert.match(run.stderr, new RegExp(`${year}-\\d\\d-\\d\\d.\\d\\d:\\d\\d|resets? in|in (59|60) ?m|1 ?h`), String(run));
  assert.equal((await world.counts()).requests, 1);
});

test('a body that the provider refuses: exit 5, its own words', async (t) => {
  const { world, home } = await loggedIn(t, make);
  world.models.response = { status: 400, json: { error: { message: 'no such model \u001b[31mred', code: 'model_not_found', type: 'invalid_request_error' } } };
  const run = failed(await home.run(['run', '-p', 'company', 'hi']), { exit: 5, code: 'PROVIDER_REJECTED', says: /no such model/ });
  assert.equal(run.stderr.includes('\u001b'), false, 'control characters stay outside');
  assert.equal((await world.counts()).requests, 1);
});

test('an overloaded provider is asked again', async (t) => {
  const { world, home } = await loggedIn(t, make);
  world.models.response = { status: 503, json: { error: { message: 'overloaded' } }, headers: { 'retry-after': '0' }, once: true };
  assert.equal(succeeded(await home.run(['run', '-p', 'company', 'hi'])).stdout, `${world.text}\n`);
  assert.equal((await world.counts()).requests, 2);
});

test('an upstream that echoes the key does not make us print it', async (t) => {
  const { world, home } = await loggedIn(t, make);
  const token = home.credential('company').access_token;
  world.models.response = { status: 400, json: { error: { message: `bad request with Bearer ${token}` } } };
  assert.equal((await home.run(['run', '-p', 'company', 'hi'])).code, 5);
});

test('a redirect carries no credential', async (t) => {
  const seen = new Record();
  const thief = await listen(async (request, answer) => {
    seen.add({ url: request.url, authorization: request.headers.authorization ?? null });
    answer.end('{}');
  });
  t.after(() => thief.close());
  for (const status of [301, 302, 307, 308]) {
    const { world, home } = await loggedIn(t, make);
    world.models.response = { status, headers: { location: `${thief.origin}/take` } };
    const run = await home.run(['run', '-p', 'company', 'hi']);
    assert.notEqual(run.code, 0, String(run));
    world.models.response = {};
    world.authority.response.token = { status, headers: { location: `${thief.origin}/token` } };
    home.setExpiry('company', -10);
    assert.equal((await home.token('company')).code, 4);
  }
  assert.equal(seen.entries.length, 0, JSON.stringify(seen.entries));
});

test('nothing is set up: the ways on', async (t) => {
  const home = new Home();
  t.after(() => home.close());
  const run = await home.run(['run', 'hi'], { quiet: true });
  assert.equal(run.code, 4, String(run));
  assert.match(run.stderr, /auth login/);
  assert.match(run.stderr, /OPENAI_API_KEY/);
});

test('an unknown provider is told its nearest name', async (t) => {
  const { home } = await scene(t, make);
  failed(await home.run(['run', '-p', 'compny', 'hi']), { exit: 3, code: 'PROVIDER_UNKNOWN', says: /company/ });
});

test('nobody at the provider', async (t) => {
  const { world, home } = await loggedIn(t, make);
  await world.models.close();
  home.setConfig(`${world.companyConfig()}\n${toml({ http: { max_retries: 0 } })}`);
  failed(await home.run(['run', '-p', 'company', 'hi']), { exit: 5, code: 'PROVIDER_UNAVAILABLE' });
});
