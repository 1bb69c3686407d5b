// What most tests begin with: a world, a home that knows it, and a person who signs in.
import assert from 'node:assert/strict';

import { browse } from './browser.js';
import { Home } from './handover.js';
import { startWorld } from './world.js';

// `config` makes the config from the world; default: [providers.company].
export async function scene(t, make, { want, config, ...homeOptions } = {}) {
  const world = await startWorld(make, { want });
  const home = new Home({ config: (config ?? ((w) => w.companyConfig()))(world), ...homeOptions });
  home.watchSecrets(world.secrets);
  t.after(async () => {
    await world.close();
    await home.close();
  });
  return { world, home };
}

export async function login(home, provider = 'company', args = [], options = {}) {
  const run = home.start(['auth', 'login', provider, '--no-browser', ...args], options);
  const page = await browse(await run.authorizationUrl());
  await run.end();
  home.keepSecrets();
  return { run, page };
}

export async function loggedIn(t, make, options = {}, provider = 'company') {
  const { world, home } = await scene(t, make, options);
  const { run } = await login(home, provider);
  succeeded(run);
  return { world, home };
}

export function succeeded(run) {
  assert.equal(run.code, 0, String(run));
  return run;
}

// exit status and error code; every failure says why or how to mend it.
export function failed(run, { exit, code, says, fix }) {
  assert.equal(run.code, exit, String(run));
  assert.match(run.stderr, new RegExp(`^error: .*\\[${code}\\]$`, 'm'), String(run));
  if (says) assert.match(run.stderr, says, String(run));
  if (fix) assert.match(/^ {2}fix: .*$/m.exec(run.stderr)?.[0] ?? '', fix, String(run));
  return run;
}
