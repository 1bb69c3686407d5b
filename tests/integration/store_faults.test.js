// Each write step of a refresh fails: once, or from there on for good. Afterwards there is a login that works, or a message that says
// what became of it; never a token that was spent and lost in silence. tests/faults makes the steps fail.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { test } from 'node:test';

import { binary } from './lib/handover.js';
import { noRefreshChild } from './lib/processes.js';
import { failed, loggedIn, login, succeeded } from './lib/scene.js';

const EXPIRED = -10; // seconds left
const ERRORS = ['EIO', 'ENOSPC'];
// Errors that a person is told; none of them says that the login is over.
const SAID = /^error: .*\[(STORE_IO|STORE_PERMISSIONS|AUTH_REFRESH_UNAVAILABLE)\]$/m;

const beside = (home, suffix) => home.path('credentials', `company@default.${suffix}`);

class Faulty {
  constructor(world, home) {
    Object.assign(this, { world, home, log: home.path('steps'), struck: home.path('struck') });
  }

  // `auth token` with an expired credential while the step fails; `where`: in the process that refreshes or in its caller.
  async token({ where, step = 0, error = 'EIO', stays = false }) {
    const { home } = this;
    for (const file of [this.log, this.struck, beside(home, 'journal'), beside(home, 'refresh')]) rmSync(file, { force: true });
    home.setExpiry('company', EXPIRED);
    const env = {
      LD_PRELOAD: binary('HANDOVER_FAULTS'),
      // A sanitizer's runtime wants to be first, and does its work behind this one as well.
      ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:verify_asan_link_order=0`,
      HANDOVER_FAULT_FOLDER: home.path('credentials'),
      HANDOVER_FAULT_LOG: this.log,
      HANDOVER_FAULT_STEP: String(step),
      HANDOVER_FAULT_ERRNO: String(constants.errno[error]),
      HANDOVER_FAULT_IN: where,
      HANDOVER_FAULT_STAYS: stays ? this.struck : undefined,
    };
    const run = await home.token('company', [], { quiet: true, env });
    await noRefreshChild(home);
    return run;
  }

  steps() {
    if (!existsSync(this.log)) return [];
    return readFileSync(this.log, 'utf8').trimEnd().split('\n').map((line) => line.replace(/^\d+ (\w+) .*\/([^/]+)$/, '$1 $2'));
  }
}

async function faulty(t) {
  const { world, home } = await loggedIn(t, 'oidc-provider');
  return new Faulty(world, home);
}

// Runs every step of `where` into `error`, and calls `judge(run, about)` after each.
async function eachStep(t, { where, error, stays }, judge) {
  const subject = await faulty(t);
  succeeded(await subject.token({ where }));
  const steps = subject.steps();
  assert.ok(steps.length >= (where === 'child' ? 10 : 1), `steps that count: ${steps.join(', ')}`);
  const counts = new Map();
  for (let step = 1; step <= steps.length; step += 1) {
    const before = subject.world.authority.refreshes();
    const run = await subject.token({ where, step, error, stays });
    assert.equal(subject.steps()[step - 1], steps[step - 1], 'the step was reached');
    const about = { ...subject, what: `${steps[step - 1]}, step ${step} of the ${where}`, sent: subject.world.authority.refreshes() - before };
    const outcome = await judge(run, about);
    counts.set(outcome, [...(counts.get(outcome) ?? []), steps[step - 1]]);
  }
  for (const [outcome, all] of counts) t.diagnostic(`${all.length} of ${steps.length} steps: ${outcome} (${[...new Set(all)].join(', ')})`);
}

// What a run gave: a token that the authority knows, or a message.
async function servedOrSaid(run, { world, what, sent }) {
  assert.ok(sent <= 1, `${what}: ${sent} requests`);
  if (run.code !== 0) {
    assert.match(run.stderr, SAID, `${what}: ${run}`);
    assert.equal(run.stdout, '');
    return 'said';
  }
  assert.equal(await world.authority.accepts(run.stdout.trim()), true, `${what}: the token is good`);
  return 'served';
}

for (const where of ['child', 'caller']) {
  for (const error of ERRORS) {
    test(`each write step of the ${where} fails once with ${error}: the login goes on`, async (t) => {
      await eachStep(t, { where, error, stays: false }, async (run, about) => {
        const { world, home, what, sent } = about;
        const outcome = await servedOrSaid(run, about);
        assert.equal(await world.knowsRefreshToken(home.credential('company').refresh_token), true, `${what}: the stored login is live\n${run}`);
        if (!sent) assert.equal(existsSync(beside(home, 'journal')), false, `${what}: nothing was sent, and no journal says so\n${run}`);
        const next = await home.run(['auth', 'refresh', 'company'], { quiet: true });
        assert.equal(next.code, 0, `${what}: ${run}\n${next}`);
        return `${outcome}, ${sent ? 'refreshed' : 'nothing spent'}`;
      });
    });
  }
}

test('from each write step on the disk is full: nothing is spent in vain, or it is said that the login is lost', async (t) => {
  await eachStep(t, { where: 'child', error: 'ENOSPC', stays: true }, async (run, about) => {
    const { world, home, what, sent } = about;
    const outcome = await servedOrSaid(run, about);
    if (await world.knowsRefreshToken(home.credential('company').refresh_token)) {
      const next = await home.run(['auth', 'refresh', 'company'], { quiet: true });
      assert.equal(next.code, 0, `${what}: ${run}\n${next}`);
      return `${outcome}, ${sent ? 'refreshed' : 'nothing spent'}`;
    }
    assert.equal(sent, 1);
    assert.match(run.stderr, /is lost: it could not be stored/, `${what}: ${run}`);
    const next = await home.token('company', [], { quiet: true });
    assert.equal(next.code, 4, `${what}: ${next}`);
    assert.match(next.stderr, /\[(AUTH_SESSION_EXPIRED|AUTH_REFRESH_UNAVAILABLE)\]$/m, `${what}: ${next}`);
    succeeded((await login(home)).run);
    return `${outcome}, and said that the login is lost`;
  });
});

test('a file system that refuses locks: said, and nothing is spent without one', async (t) => {
  const subject = await faulty(t);
  const { world, home } = subject;
  succeeded(await subject.token({ where: 'caller' }));
  const step = subject.steps().findIndex((name) => name === 'flock company@default.lock') + 1;
  assert.ok(step > 0, subject.steps().join(', '));
  for (const error of ['ENOLCK', 'EOPNOTSUPP']) {
    const before = world.authority.refreshes();
    const run = await subject.token({ where: 'caller', step, error, stays: true });
    failed(run, { exit: 4, code: 'STORE_IO', fix: /flock/ });
    assert.equal(world.authority.refreshes(), before);
  }
  succeeded(await home.token('company'));
});
