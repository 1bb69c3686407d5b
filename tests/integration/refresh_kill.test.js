// Whoever wants a token may be killed at any moment of its refresh, and even the process that carries it out: no login is lost by the
// first, and by the second only where nobody can know whether the refresh token was spent, and then loudly.
//
// HANDOVER_TORTURE_ROUNDS=200 is the full measure: 200 rounds with the callers killed, 100 with the carrying process killed too.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { chance, rounds } from './lib/chance.js';
import { binary } from './lib/handover.js';
import { eventually, noRefreshChild, openFiles, parentOf, refreshChild, refreshChildren, runs } from './lib/processes.js';
import { gate } from './lib/record.js';
import { failed, loggedIn, login, succeeded } from './lib/scene.js';

const ROUNDS = rounds(24);
const SIGNALS = ['SIGKILL', 'SIGTERM', 'SIGINT'];
const EXPIRED = -10; // seconds left
const DUE = 200; // seconds left: works, and is to be refreshed
const later = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });
const token = ['auth', 'token', 'company'];

// How a caller may end while its refresh is under way; each begins one and says how it is ended.
const ends = {
  'kill -INT': (home) => killed(home, 'SIGINT', 130),
  'kill -TERM': (home) => killed(home, 'SIGTERM', 143),
  'kill -KILL': (home) => killed(home, 'SIGKILL', null),
  'kill -HUP of the process group': (home) => killed(home, 'SIGHUP', null),
  'timeout -s KILL': (home) => {
    const run = home.start(['-s', 'KILL', '100', binary('HANDOVER_BIN'), ...token], { binary: 'timeout', quiet: true, shows: 'stdout' });
    return { run, end: async () => run.kill('SIGALRM') }; // its time is up
  },
  'a terminal that is closed': (home) => {
    const command = [binary('HANDOVER_BIN'), ...token].map((word) => `'${word}'`).join(' ');
    const run = home.start(['-qec', command, '/dev/null'], { binary: 'script', quiet: true, shows: 'stdout' });
    return { run, end: async () => run.kill('SIGKILL') };
  },
  'kill -KILL inside $(handover auth token)': (home) => {
    const run = home.start(['-c', `token=$('${binary('HANDOVER_BIN')}' ${token.join(' ')}); echo "the shell goes on, $? $token"`],
      { binary: 'sh', quiet: true, shows: 'stdout' });
    const end = async (caller) => {
      process.kill(caller, 'SIGKILL');
      await run.until(/the shell goes on, 137 $/m, 'stdout');
    };
    return { run, end };
  },
};

function killed(home, signal, code) {
  const run = home.start(token, { shows: 'stdout' });
  const end = async () => {
    run.kill(signal);
    await run.end();
    assert.equal(run.code, code, String(run));
  };
  return { run, end };
}

for (const [name, begin] of Object.entries(ends)) {
  test(`${name}: the caller ends at once, the refresh goes on and is stored`, async (t) => {
    const { world, home } = await loggedIn(t, 'oidc-provider');
    const answer = gate();
    world.authority.response.token = { gate: answer };
    home.setExpiry('company', EXPIRED);
    const { run, end } = begin(home);
    await world.authority.record.until({ grant_type: 'refresh_token' });
    const child = await refreshChild(home);
    const caller = parentOf(child);
    const { 0: stdin, 1: stdout, 2: stderr, ...rest } = openFiles(child);
    assert.deepEqual([stdin, stdout, stderr], ['/dev/null', '/dev/null', '/dev/null']);
    assert.equal(Object.values(rest).some((file) => file.startsWith('pipe:') || file.includes('/dev/pts')), false, JSON.stringify(rest));

    // The authority answers only afterwards: nothing below can be waiting for it.
    await end(caller);
    await run.end();
    await eventually(() => runs(caller), (still) => !still, 20000, 'the end of the caller');
    assert.deepEqual(refreshChildren(home), [child], 'the refresh has outlived it');
    assert.equal(world.authority.refreshes(), 1);
    answer.open();
    await noRefreshChild(home);
    assert.equal(journalOpen(home), false);
    const next = succeeded(await home.token('company'));
    assert.equal(next.stdout, `${home.credential('company').access_token}\n`);
    assert.equal(world.authority.refreshes(), 1, 'its answer is the one in use');
  });
}

test(`${ROUNDS} rounds of callers killed at random: no login is lost`, async (t) => {
  const pick = chance(t);
  const { world, home } = await loggedIn(t, 'sandbox');
  const counts = new Map();
  for (let round = 1; round <= ROUNDS; round += 1) {
    await world.sandbox.faults({ token_delay_ms: 1 + pick.below(300) });
    home.setExpiry('company', EXPIRED);
    const callers = Array.from({ length: 1 + pick.below(3) }, () => home.start(token, { shows: 'stdout', quiet: true }));
    await Promise.all(callers.map(async (run) => {
      await later(pick.below(450));
      run.kill(pick.of(SIGNALS));
      count(counts, outcome(await run.end()));
    }));
    const next = await home.token('company', [], { quiet: true });
    assert.equal(next.code, 0, `round ${round}: ${next}`);
    await noRefreshChild(home);
    const credential = home.credential('company');
    assert.equal(next.stdout, `${credential.access_token}\n`);
    assert.equal(credential.login_needed ?? null, null);
    assert.equal(journalOpen(home), false);
    assert.equal((await world.counts()).refreshes, round, 'one refresh a round, whoever was killed');
  }
  tell(t, counts);
  const { refresh_successes, reuse_detections } = await world.counts();
  assert.deepEqual([refresh_successes, reuse_detections], [ROUNDS, 0]);
});

function outcome(run) {
  if (run.code === 0) return 'callers: served before the signal';
  assert.ok(run.signal || [130, 143].includes(run.code), String(run));
  return `callers: ended by ${run.signal ?? { 130: 'SIGINT', 143: 'SIGTERM' }[run.code]}`;
}

const CHILD_ROUNDS = Math.ceil(ROUNDS / 2);
test(`${CHILD_ROUNDS} rounds with the refreshing process killed too: each outcome by the journal's rule, none silent`, async (t) => {
  const pick = chance(t);
  const { world, home } = await loggedIn(t, 'oidc-provider');
  const counts = new Map();
  for (let round = 1; round <= CHILD_ROUNDS; round += 1) {
    const works = pick.either();
    await killBoth(world, home, pick, works);
    count(counts, await judge(world, home, works, `round ${round}`));
  }
  tell(t, counts);
});

// A refresh that is killed at a random moment, and in half of the cases its caller with it. The authority spends the token before its
// answer, or drops a request whose sender has gone.
async function killBoth(world, home, pick, works) {
  const spends = pick.either();
  let gone = false;
  world.authority.response.token = (entry) => (entry.grant_type === 'refresh_token' ? {
    gate: { opened: later(pick.below(300)) },
    get destroy() {
      entry.dropped = gone && !spends;
      return entry.dropped;
    },
  } : undefined);
  home.setExpiry('company', works ? DUE : EXPIRED);
  const run = home.start(token, { shows: 'stdout', quiet: true });
  const caller = pick.either();
  const moment = later(pick.below(400));
  await Promise.race([eventually(() => refreshChildren(home), (pids) => pids.length > 0 || run.over, 20000, 'a refresh'), run.end()]);
  await moment;
  for (const pid of refreshChildren(home)) {
    process.kill(pid, 'SIGKILL');
    gone = true;
  }
  if (caller) run.kill('SIGKILL');
  await run.end();
  await noRefreshChild(home);
  // What the dead process had sent has arrived once a later request has been served.
  await fetch(`${world.authority.issuer}/.well-known/openid-configuration`);
  await eventually(() => answered(world), (all) => all, 20000, 'the end of what the authority had begun');
  delete world.authority.response.token;
  // A caller that lives is told; its token is served while it works.
  if (!caller) assert.ok(run.code === 0 || /\[AUTH_REFRESH_UNAVAILABLE\]$/m.test(run.stderr), String(run));
  if (!caller && works) succeeded(run);
}

// Every refresh request was answered, or dropped.
function answered(world) {
  const { record } = world.authority;
  const begun = record.where({ endpoint: 'token', grant_type: 'refresh_token' });
  return begun.every((entry) => entry.status !== undefined || entry.dropped);
}

// What follows is what the journal says, whatever the authority knows.
async function judge(world, home, works, round) {
  const open = journalOpen(home);
  const before = home.credential('company');
  const live = await world.knowsRefreshToken(before.refresh_token);
  assert.ok(open || live, `${round}: a spent refresh token in the store and no journal`);
  const sent = world.authority.refreshes();
  if (works && open) {
    const served = succeeded(await home.token('company', [], { quiet: true }));
    assert.equal(served.stdout, `${before.access_token}\n`, round);
    assert.match(served.stderr, /outcome/, `${round}: said`);
    assert.equal(world.authority.refreshes(), sent, `${round}: not sent again while the access token works`);
    home.setExpiry('company', EXPIRED);
    unpause(home);
  }
  const next = await home.token('company', [], { quiet: true });
  const more = world.authority.refreshes() - sent;
  assert.ok(more <= 1, `${round}: ${more} more requests`);
  if (!open) {
    succeeded(next);
    return `rounds: no open journal, ${more === 0 ? 'the new login was stored' : 'refreshed afterwards'}`;
  }
  assert.equal(more, 1, `${round}: sent once more\n${next}`);
  if (live) {
    succeeded(next);
    return 'rounds: journal open, the token was not spent: sent again, new login';
  }
  failed(next, { exit: 4, code: 'AUTH_SESSION_EXPIRED', fix: /handover auth login company/ });
  failed(await home.token('company', [], { quiet: true }), { exit: 4, code: 'AUTH_SESSION_EXPIRED' });
  assert.equal(world.authority.refreshes(), sent + 1, `${round}: and never again`);
  succeeded((await login(home)).run);
  return 'rounds: journal open, the token was spent: sent again, refused, AUTH_SESSION_EXPIRED';
}

test('killed twice in the middle of the same refresh: not sent a third time, and said', async (t) => {
  const { world, home } = await loggedIn(t, 'oidc-provider');
  world.authority.response.token = { gate: gate() };
  home.setExpiry('company', EXPIRED);
  for (let n = 1; n <= 2; n += 1) {
    const run = home.start(token, { shows: 'stdout' });
    await world.authority.record.until({ grant_type: 'refresh_token' }, { n });
    process.kill(await refreshChild(home), 'SIGKILL');
    failed(await run.end(), { exit: 4, code: 'AUTH_REFRESH_UNAVAILABLE' });
    assert.equal(journalOpen(home), true);
    unpause(home);
  }
  failed(await home.token('company'), { exit: 4, code: 'AUTH_SESSION_EXPIRED', fix: /handover auth login company/ });
  failed(await home.token('company'), { exit: 4, code: 'AUTH_SESSION_EXPIRED' });
  assert.equal(world.authority.refreshes(), 2);
  assert.equal(home.credential('company').login_needed.code, 'refresh_outcome_unknown');
  assert.equal((await home.status('company')).rows[0].status, 'login_needed');
  delete world.authority.response.token;
  succeeded((await login(home)).run);
});

// The journal is open if it speaks of the refresh token that is stored.
function journalOpen(home) {
  const file = home.path('credentials', 'company@default.journal');
  if (!existsSync(file)) return false;
  const { fingerprint } = JSON.parse(readFileSync(file, 'utf8'));
  return createHash('sha256').update(home.credential('company').refresh_token).digest('hex').startsWith(fingerprint);
}

// A process that was killed leaves no pause for the next try.
function unpause(home) {
  assert.equal(existsSync(home.path('credentials', 'company@default.refresh')), false);
}

function count(counts, what) {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

function tell(t, counts) {
  for (const [what, n] of [...counts].sort()) t.diagnostic(`${n} ${what}`);
}
