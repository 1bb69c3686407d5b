// `handover exec`: another program with a provider's address and key in its environment, and nothing else of ours.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';

import { binary, Home, toml } from './lib/handover.js';
import { failed, loggedIn, succeeded } from './lib/scene.js';

const KEY = 'sandbox-key-of-the-test';

function keyScene(t, environment = {}) {
  const home = new Home({
    config: toml({
      '': { default_provider: 'fast' },
      'providers.fast': { plugin: 'openai', base_url: 'http://127.0.0.1:9/v1', model: 'm-1' },
      'providers.fast.auth.api-key': { env: ['FAST_KEY'] },
    }),
    environment: { FAST_KEY: KEY, ...environment },
  });
  home.secrets.add(KEY);
  t.after(() => home.close());
  return home;
}

const exec = (home, words, options = {}) => home.run(['exec', ...words], { shows: 'stdout', ...options });

test('the usual variables, everything else as it was', async (t) => {
  const home = keyScene(t, { OPENAI_API_KEY: 'sandbox-other-key', OPENAI_ORG_ID: 'org-1', OPENAI_API_BASE: 'http://elsewhere', GROQ_API_KEY: 'g', ODD: 'a=b\nc' });
  const run = succeeded(await exec(home, ['--', process.execPath, '-e', 'console.log(JSON.stringify(process.env))']));
  const env = JSON.parse(run.stdout);
  const expected = { ...home.env(), OPENAI_API_KEY: KEY, OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' };
  delete expected.OPENAI_ORG_ID;
  delete expected.OPENAI_API_BASE;
  assert.deepEqual(env, expected);
});

test('variables of one\'s own', async (t) => {
  const home = keyScene(t, { OPENAI_ORG_ID: 'org-1' });
  const script = 'echo "$A|$B|$OPENAI_API_KEY|$OPENAI_ORG_ID"';
  const run = succeeded(await exec(home, ['-p', 'fast', '--env', 'A={key}', '--env', 'B={base_url}/x {model}', '--', 'sh', '-c', script]));
  assert.equal(run.stdout, `${KEY}|http://127.0.0.1:9/v1/x m-1||org-1\n`);
  failed(await exec(home, ['--env', 'A={token}', '--', 'true']), { exit: 2, code: 'USAGE', says: /\{key\}/ });
});

test('the program\'s arguments arrive as they were', async (t) => {
  const home = keyScene(t);
  const words = ['-p', '--json', '--', '[a,b]', '', 'a b', '--help', '-', '{key}', '*', '\x01'];
  const run = succeeded(await exec(home, ['--', process.execPath, '-e', 'console.log(JSON.stringify(process.argv.slice(1)))', '--', ...words]));
  assert.deepEqual(JSON.parse(run.stdout), words);
});

test('its exit status is the program\'s', async (t) => {
  const home = keyScene(t);
  for (const status of [0, 1, 42, 255]) {
    assert.equal((await exec(home, ['--', 'sh', '-c', `exit ${status}`])).code, status);
  }
  const killed = await exec(home, ['--', 'sh', '-c', 'kill -KILL $$']);
  assert.equal(killed.signal, 'SIGKILL');
  const missing = await exec(home, ['--', 'no-such-program']);
  assert.equal(missing.code, 127);
  assert.match(missing.stderr, /cannot run no-such-program: No such file or directory/);
  writeFileSync(home.path('data'), 'x', { mode: 0o644 });
  assert.equal((await exec(home, ['--', home.path('data')])).code, 126);
  assert.equal((await exec(home, ['--', home.dir])).code, 126);
  failed(await exec(home, []), { exit: 2, code: 'USAGE', fix: /--/ });
  failed(await exec(home, ['true']), { exit: 2, code: 'USAGE', fix: /--/ });
});

test('stdin and stdout are the program\'s', async (t) => {
  const home = keyScene(t);
  const run = succeeded(await exec(home, ['--', 'cat'], { input: 'one\ntwo', quiet: true }));
  assert.equal(run.stdout, 'one\ntwo');
  assert.equal(run.stderr, '');
});

test('signals, limits and descriptors are as the caller left them', async (t) => {
  const home = keyScene(t);
  const script = [
    'grep -E "^Sig(Ign|Blk|Cgt)" /proc/self/status', 'grep core /proc/self/limits', 'ls /proc/self/fd',
    'stat -c %u /proc/$$/environ', // of a process that is not dumpable it is root's
  ].join('; ');
  // A core limit that is neither the host's own nor the one that a sanitizer sets.
  const env = Object.fromEntries(['ASAN_OPTIONS', 'TSAN_OPTIONS'].map((name) => [name, `${process.env[name] ?? ''}:disable_coredump=0`]));
  const shell = (command) => home.start(['-c', `ulimit -S -c 8 2>/dev/null; exec ${command} sh -c '${script}'`], { binary: 'sh', quiet: true, env }).end();
  const direct = await shell('');
  const through = await shell(`'${binary('HANDOVER_BIN')}' exec --`);
  assert.equal(through.stdout, direct.stdout);
  assert.match(direct.stdout, /^SigIgn:/m);
});

test('ignored signals stay ignored', async (t) => {
  const home = keyScene(t);
  const outer = `trap '' INT PIPE; exec '${binary('HANDOVER_BIN')}' exec -- sh -c 'grep ^SigIgn /proc/self/status'`;
  const run = await home.start(['-c', outer], { binary: 'sh', quiet: true }).end();
  const ignored = BigInt(`0x${/SigIgn:\s+([0-9a-f]+)/.exec(run.stdout)[1]}`);
  assert.equal(ignored & 0b10n, 0b10n, String(run)); // SIGINT is 2
  assert.equal(ignored & (1n << 12n), 1n << 12n, String(run)); // SIGPIPE is 13
});

test('the key is in no argument, and in no line', async (t) => {
  const home = keyScene(t);
  const run = await exec(home, ['--', 'sh', '-c', 'tr "\\0" " " < /proc/$$/cmdline']);
  assert.equal(run.stdout.includes(KEY), false);
  assert.equal(run.stderr.includes(KEY), false);
  assert.match(run.stderr, /sh as fast/);
});

test('a subscription stays here unless one insists', async (t) => {
  const { world, home } = await loggedIn(t, 'oidc-provider');
  home.setExpiry('company', -10);
  const refused = failed(await exec(home, ['-p', 'company', '--', 'true']), { exit: 2, code: 'USAGE', fix: /serve.*--allow-subscription/ });
  assert.match(refused.stderr, /one request at a time/);
  assert.equal((await world.counts()).refreshes, 0, 'nothing was refreshed for it');
  const run = succeeded(await exec(home, ['--allow-subscription', '--', 'sh', '-c', 'echo $OPENAI_API_KEY $OPENAI_BASE_URL']));
  assert.equal(run.stdout, `${home.credential('company').access_token} ${world.base_url}\n`);
  assert.equal((await world.counts()).refreshes, 1, 'the token is a fresh one');
});

test('a local server needs no key, and does not get somebody else\'s', async (t) => {
  const home = keyScene(t, { OPENAI_API_KEY: 'sandbox-other-key' });
  const run = succeeded(await exec(home, ['-p', 'ollama', '--', 'sh', '-c', 'echo $OPENAI_API_KEY $OPENAI_BASE_URL']));
  assert.equal(run.stdout, 'none http://localhost:11434/v1\n');
});

test('Ctrl-C reaches the program alone', async (t) => {
  const home = keyScene(t);
  const run = home.start(['exec', '--', 'sh', '-c', 'trap "echo caught; exit 3" INT; echo ready; while :; do sleep 0.1; done']);
  await run.until(/ready/, 'stdout');
  process.kill(-run.child.pid, 'SIGINT');
  assert.equal((await run.end()).code, 3);
  assert.match(run.stdout, /caught/);
});
