// Secrets in what a person can see: every other test looks for them when its home is closed; here that very look is proven, and the
// most talkative log is read.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { Home } from './lib/handover.js';
import { loggedIn, succeeded } from './lib/scene.js';

test('the look finds a token in what a run said', async (t) => {
  const home = new Home();
  home.secrets.add('sandbox-token-that-leaks');
  home.start(['-c', 'echo sandbox-token-that-leaks >&2'], { binary: '/bin/sh', quiet: true });
  await Promise.all(home.runs.map((run) => run.ended));
  assert.deepEqual(home.leaks(), ['stderr of handover -c echo sandbox-token-that-leaks >&2']);
  home.secrets.clear();
  await home.close();
  t.diagnostic('a leak is found');
});

for (const format of ['text', 'json']) {
  test(`a login, a refresh, a prompt and a logout at -vvv, log format ${format}`, async (t) => {
    const { world, home } = await loggedIn(t, 'oidc-provider');
    home.setExpiry('company', -10);
    const commands = [['auth', 'refresh', 'company'], ['run', '-p', 'company', 'hi'], ['auth', 'explain', 'company'], ['config', 'show'],
      ['auth', 'status'], ['auth', 'logout', 'company']];
    for (const command of commands) {
      const run = succeeded(await home.run(['--log-format', format, ...command]));
      if (format === 'json') {
        for (const line of run.stderr.split('\n').filter((l) => l.startsWith('{'))) JSON.parse(line);
      }
    }
    assert.ok(world.secrets.size >= 6, 'codes, verifiers and tokens were seen by the authority');
    assert.deepEqual(home.leaks(), []);
  });
}

test('no secret in the arguments or the environment of a process', async (t) => {
  const { world, home } = await loggedIn(t, 'oidc-provider');
  const { gate } = await import('./lib/record.js');
  const slow = gate();
  world.authority.response.token = { gate: slow };
  home.setExpiry('company', -10);
  const run = home.start(['auth', 'token', 'company'], { shows: 'stdout' });
  await world.authority.record.until({ grant_type: 'refresh_token' });
  const secrets = [...world.secrets];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const file of ['cmdline', 'environ']) {
      let text = '';
      try {
        text = readFileSync(`/proc/${pid}/${file}`, 'latin1');
      } catch {
        continue; // gone, or not ours to read
      }
      if (Number(pid) !== process.pid) assert.equal(secrets.some((secret) => text.includes(secret)), false, `${file} of ${pid}`);
    }
  }
  slow.open();
  succeeded(await run.end());
});
