// The credential files under bad conditions: readable by others, linked, on a full disk.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';

import { fill, smallDisk } from './lib/disk.js';
import { failed, loggedIn, login, scene, succeeded } from './lib/scene.js';

const make = 'oidc-provider';

test('a credential that others can read is refused with the chmod that mends it', async (t) => {
  const { home } = await loggedIn(t, make);
  const file = home.credentialFile('company');
  for (const mode of [0o644, 0o640, 0o604]) {
    chmodSync(file, mode);
    const run = failed(await home.token('company'), { exit: 4, code: 'STORE_PERMISSIONS', fix: /chmod 0?600 / });
    const command = /chmod 0?600 .*$/m.exec(run.stderr)[0];
    execFileSync('/bin/sh', ['-c', command]);
    succeeded(await home.token('company'));
  }
});

test('a folder that others can write to is refused too, one that they can enter is closed', async (t) => {
  const { home } = await loggedIn(t, make);
  chmodSync(home.path('credentials'), 0o777);
  const run = failed(await home.token('company'), { exit: 4, code: 'STORE_PERMISSIONS', fix: /chmod 0?700 / });
  execFileSync('/bin/sh', ['-c', /chmod 0?700 .*$/m.exec(run.stderr)[0]]);
  succeeded(await home.token('company'));
  chmodSync(home.path('credentials'), 0o755);
  succeeded(await home.token('company'));
  assert.equal(statSync(home.path('credentials')).mode & 0o777, 0o700);
});

test('links are not followed', async (t) => {
  const { home } = await loggedIn(t, make);
  const file = home.credentialFile('company');
  const elsewhere = home.path('elsewhere.json');
  linkSync(file, elsewhere);
  assert.equal((await home.token('company')).code, 4, 'a second link');
  execFileSync('rm', [file]);
  symlinkSync(elsewhere, file);
  assert.equal((await home.token('company')).code, 4, 'a symbolic link');
  execFileSync('rm', [file]);
  renameSync(elsewhere, file);
  succeeded(await home.token('company'));
});

test('a full disk: said before the person has been to the browser', async (t) => {
  const { world, home } = await scene(t, make);
  const why = smallDisk(home, home.path('credentials'));
  if (why) return t.skip(why);
  fill(home.path('credentials'));
  const run = await home.run(['auth', 'login', 'company', '--no-browser']);
  failed(run, { exit: 4, code: 'STORE_IO' });
  assert.doesNotMatch(run.stderr, /code_challenge/);
  assert.equal((await world.counts()).authorize, 0);
  return undefined;
});

test('a full disk: the refresh token is not spent', async (t) => {
  const { world, home } = await scene(t, make);
  const why = smallDisk(home, home.path('credentials'));
  if (why) return t.skip(why);
  succeeded((await login(home)).run);
  home.setExpiry('company', -10);
  fill(home.path('credentials'));
  const before = readFileSync(home.credentialFile('company'), 'utf8');
  failed(await home.token('company'), { exit: 4, code: 'STORE_IO' });
  assert.equal((await world.counts()).refreshes, 0);
  assert.equal(readFileSync(home.credentialFile('company'), 'utf8'), before);
  spawnSync('/bin/sh', ['-c', `rm -f '${home.path('credentials')}'/filler-*`]);
  succeeded(await home.token('company'));
  assert.equal((await world.counts()).refreshes, 1);
  return undefined;
});

test('a full disk and a token that still works: it is served, with a warning', async (t) => {
  const { world, home } = await scene(t, make);
  const why = smallDisk(home, home.path('credentials'));
  if (why) return t.skip(why);
  succeeded((await login(home)).run);
  home.setExpiry('company', 200);
  const { access_token } = home.credential('company');
  fill(home.path('credentials'));
  const run = succeeded(await home.token('company'));
  assert.equal(run.stdout, `${access_token}\n`);
  assert.match(run.stderr, /warn/i);
  assert.equal((await world.counts()).refreshes, 0);
  return undefined;
});

// Mounts `path` over itself, as a container does with a file or folder of its host; or the reason why it cannot.
function mountedByItself(home, path, readOnly) {
  const mount = (...args) => spawnSync('mount', args, { encoding: 'utf8' });
  const bound = mount('--bind', path, path);
  if (bound.status !== 0) return `cannot mount here: ${bound.stderr ?? bound.error}`;
  home.undo.unshift(() => spawnSync('umount', ['-l', path]));
  if (readOnly) assert.equal(mount('-o', 'remount,bind,ro', path).status, 0);
  return '';
}

const mounts = {
  'a read-only folder': { what: (home) => home.path('credentials'), readOnly: true },
  'a credential file that is mounted by itself': { what: (home) => home.credentialFile('company'), readOnly: false },
  'a read-only credential file that is mounted by itself': { what: (home) => home.credentialFile('company'), readOnly: true },
};
for (const [name, { what, readOnly }] of Object.entries(mounts)) {
  test(`${name}: served to its end, never refreshed, and said what to mount`, async (t) => {
    const { world, home } = await loggedIn(t, make);
    const { access_token } = home.credential('company');
    home.setExpiry('company', 200);
    const why = mountedByItself(home, what(home), readOnly);
    if (why) return t.skip(why);
    const due = succeeded(await home.token('company'));
    assert.equal(due.stdout, `${access_token}\n`);
    assert.match(due.stderr, /warn/i);
    failed(await home.run(['auth', 'refresh', 'company']), { exit: 4, code: 'STORE_IO', fix: /mount the folder, not the file/ });
    assert.equal((await world.counts()).refreshes, 0);
    spawnSync('umount', ['-l', what(home)]);
    home.setExpiry('company', -10);
    assert.equal(mountedByItself(home, what(home), readOnly), '');
    failed(await home.token('company'), { exit: 4, code: 'STORE_IO', fix: /mount the folder, not the file/ });
    assert.equal((await world.counts()).refreshes, 0);
    spawnSync('umount', ['-l', what(home)]);
    succeeded(await home.token('company'));
    assert.equal((await world.counts()).refreshes, 1);
    return undefined;
  });
}
