// Plugins that mean harm or are broken: credentials go nowhere else, and what is broken costs itself only.
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { binary, Home, toml } from './lib/handover.js';
import { listen, readBody } from './lib/loopback.js';
import { startModelServer } from './lib/model_server.js';
import { Record } from './lib/record.js';
import { succeeded } from './lib/scene.js';

const KEY = 'sandbox-key-for-the-plugins-test';

// A server that nobody has a reason to talk to.
async function thief(t) {
  const record = new Record();
  const server = await listen(async (request, answer) => {
    const body = (await readBody(request)).toString();
    record.add({ method: request.method, url: request.url, headers: request.headers, body });
    answer.end('{}');
  });
  t.after(() => server.close());
  return { ...server, record };
}

// A home whose provider `it` uses the plugin `id`, with a key, at a model server.
async function homeWith(t, id, folders) {
  const models = await startModelServer({ accepts: (key) => key === KEY });
  const home = new Home({
    plugins: folders,
    config: toml({
      'providers.it': { plugin: id, base_url: models.base_url, dialects: ['responses'], model: 'test-model' },
      'providers.it.auth.api-key': { env: ['IT_KEY'] },
      'providers.good': { plugin: 'openai', base_url: models.base_url, dialects: ['responses'], model: 'test-model' },
      'providers.good.auth.api-key': { env: ['IT_KEY'] },
    }),
    environment: { IT_KEY: KEY },
  });
  home.secrets.add(KEY);
  t.after(async () => {
    await models.close();
    await home.close();
  });
  return { home, models };
}

const testPlugins = () => binary('HANDOVER_TEST_PLUGINS');

test('a hostile plugin sends the credential nowhere else', async (t) => {
  const { port, origin, record } = await thief(t);
  const { home, models } = await homeWith(t, 'hostile', [testPlugins()]);
  const tricks = [
    `path //127.0.0.1:${port}/x`, `path ///127.0.0.1:${port}/x`, `path ${origin}/x`, `path /\\127.0.0.1:${port}/x`, `path \\\\127.0.0.1:${port}`,
    `path @127.0.0.1:${port}/x`, `path :x@127.0.0.1:${port}/`, `path .127.0.0.1:${port}/x`, `path :${port}/x`, `path ?@127.0.0.1:${port}/`,
    `path #@127.0.0.1:${port}/`, `path /x\r\nHost: 127.0.0.1:${port}`, `path /x HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`,
    'path /../../outside', 'path /%2e%2e/%2e%2e/outside', 'path /..\\..\\outside', 'path relative', 'path ', 'path /\u0000x',
    `header Host:127.0.0.1:${port}`, 'header Authorization:Bearer mine', 'header authorization :x', 'header Proxy-Authorization:x', 'header Cookie:a=b',
    'header Transfer-Encoding:chunked', 'header Content-Length:0', 'header Connection:upgrade', `header X-A:b\r\nHost: 127.0.0.1:${port}`,
    `header X-A\r\nHost:127.0.0.1:${port}`, 'header :x', 'host 7', 'host 4294967295', `method POST http://127.0.0.1:${port}/x HTTP/1.1`,
    'method CONNECT', 'method GET\r\nX: y', 'flood',
  ].filter((trick) => !trick.includes('\u0000'));
  const outcomes = await Promise.all(tricks.map(async (trick) => {
    const run = home.start(['run', '-p', 'it', '-m', trick, 'hi']);
    return { trick, run: await run.end() };
  }));
  assert.deepEqual(record.entries, [], 'the thief got a request');
  for (const { trick, run } of outcomes) {
    assert.ok([0, 5, 6].includes(run.code), `${JSON.stringify(trick)}: ${run}`);
    assert.equal(run.signal, null, `${JSON.stringify(trick)}: ${run}`);
  }
  const told = outcomes.filter(({ run }) => run.code === 6).length;
  assert.ok(told >= tricks.length / 2, `most of them are an error of the plugin, ${told} of ${tricks.length} were`);
  for (const request of models.record.where({ method: 'POST' })) {
    assert.equal(request.headers.host, new URL(models.origin).host);
    assert.ok(request.path.startsWith('/v1/'), `below the base URL: ${request.path}`);
    assert.equal(request.authorization, `Bearer ${KEY}`);
    assert.equal(request.headers.cookie, undefined);
  }
});

// The codex plugin as somebody else might ship it: their issuer and their base URL in the manifest.
function shadowCodex(folder, origin) {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  let plugin = readFileSync(join(binary('HANDOVER_PLUGINS'), 'codex.so')).toString('latin1');
  const put = (old, now) => {
    assert.ok(plugin.includes(`"${old}"`), `the manifest holds ${old}`);
    plugin = plugin.replaceAll(`"${old}"`, `"${now}"`.padEnd(old.length + 2));
  };
  put('https://auth.openai.com', origin);
  put('https://chatgpt.com/backend-api/codex', `${origin}/v1`);
  writeFileSync(join(folder, 'codex.so'), Buffer.from(plugin, 'latin1'), { mode: 0o755 });
}

test('a shadowing codex.so with other endpoints gets nothing', async (t) => {
  const { origin, record } = await thief(t);
  const home = new Home();
  t.after(() => home.close());
  const shadow = home.path('shadow');
  shadowCodex(shadow, origin);
  home.plugins = [shadow, binary('HANDOVER_PLUGINS')];
  const listed = succeeded(await home.run(['plugins', 'list', '--json']));
  assert.ok(listed.stdout.includes(join(shadow, 'codex.so')), listed.stdout);

  for (const left of [-10, 200, 3000]) {
    home.writeCredential('codex', {
      version: 1, provider: 'codex', account: 'default', method: 'subscription', token_type: 'Bearer',
      access_token: 'sandbox-access-of-codex', refresh_token: 'sandbox-refresh-of-codex', expires_at: '2026-01-01T00:00:00Z',
      issuer: 'https://auth.openai.com', client_id: 'app_EMoamEEZ73f0CkXaXp7hrann', token_endpoint: 'https://auth.openai.com/oauth/token',
      origins: ['https://chatgpt.com'],
    });
    home.setExpiry('codex', left);
    for (const command of [['run', '-p', 'codex', '-m', 'x', 'hi'], ['auth', 'token', 'codex'], ['auth', 'refresh', 'codex'], ['auth', 'logout', 'codex']]) {
      const run = await home.run(command, { shows: command[1] === 'token' ? 'stdout' : '' });
      if (command[1] !== 'logout') assert.notEqual(run.code, 0, String(run));
    }
  }
  const sent = record.entries.filter((entry) => entry.method !== 'GET' || entry.headers.authorization || JSON.stringify(entry).includes('of-codex'));
  assert.deepEqual(sent, []);
});

test('list, inspect, status and login run no plugin code', async (t) => {
  const { home } = await homeWith(t, 'marks-on-load', [testPlugins()]);
  const mark = home.path('mark');
  const env = { HANDOVER_TEST_MARK: mark };
  for (const command of [
    ['plugins', 'list'], ['plugins', 'list', '--json'], ['plugins', 'inspect', 'marks-on-load'], ['plugins', 'inspect', join(testPlugins(), 'marks_on_load.so')],
    ['auth', 'status', 'it'], ['auth', 'token', 'it'], ['auth', 'explain', 'it'], ['config', 'show'],
  ]) {
    succeeded(await home.run(command, { env, shows: command[1] === 'token' ? 'stdout' : '' }));
    assert.equal(existsSync(mark), false, command.join(' '));
  }
  await home.run(['run', '-p', 'it', 'hi'], { env });
  assert.equal(existsSync(mark), true, 'the plugin does leave a mark where it is loaded');
});

test('broken plugins beside a good one', async (t) => {
  const folder = testPlugins();
  const { home, models } = await homeWith(t, 'crashes-on-init', [folder, binary('HANDOVER_PLUGINS')]);
  const entries = JSON.parse(succeeded(await home.run(['plugins', 'list', '--json'])).stdout);
  const built = readdirSync(folder).filter((name) => name.endsWith('.so'));
  for (const name of built) assert.ok(JSON.stringify(entries).includes(name), `${name} is listed`);
  for (const id of ['crashes-on-init', 'exits-on-init', 'throws-on-init', 'missing-entry', 'create-fails', 'unresolved']) {
    home.setConfig(readFileSync(home.path('config.toml'), 'utf8').replace(/^"plugin" = ".*-.*"$/m, `"plugin" = "${id}"`));
    const run = await home.run(['run', '-p', 'it', 'hi']);
    assert.equal(run.code, 6, `${id}: ${run}`);
    assert.match(run.stderr, /\[PLUGIN_\w+\]/);
  }
  assert.equal(succeeded(await home.run(['run', '-p', 'good', 'hi'])).stdout, `${models.text}\n`);
});

test('a plugin that others may write to is not loaded', async (t) => {
  const { home } = await homeWith(t, 'hostile', []);
  const folder = home.path('plugins');
  mkdirSync(folder, { mode: 0o755 });
  const file = join(folder, 'hostile.so');
  copyFileSync(join(testPlugins(), 'hostile.so'), file);
  chmodSync(file, 0o666);
  const run = await home.run(['run', '-p', 'it', 'hi']);
  assert.equal(run.code, 6, String(run));
  assert.match(run.stderr, /PLUGIN_UNTRUSTED/);
  assert.match(run.stderr, /chmod/);
  // It costs itself only.
  succeeded(await home.run(['run', '-p', 'good', 'hi']));
  chmodSync(file, 0o755);
  assert.doesNotMatch((await home.run(['run', '-p', 'it', 'hi'])).stderr, /PLUGIN_UNTRUSTED/);
});
