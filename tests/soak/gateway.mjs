// The gateway under a crowd for minutes: tests/soak/gateway.mjs BUILD_DIR [SECONDS]. Honest clients, whose every answer is checked,
// among clients that vanish, stall, send garbage and come back; a login that is refreshed all the while, and reloads of the config.
// At the end: memory flat, descriptors back, no request lost, counters that agree. Exit 1 where one of these is not so.
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { Home, toml } from '../integration/lib/handover.js';
import { within } from '../integration/lib/record.js';
import { login } from '../integration/lib/scene.js';
import { startSandbox } from '../integration/lib/sandbox.js';
import { startWorld } from '../integration/lib/world.js';
import { honestCrowd } from './honest.mjs';
import { hostileCrowd } from './hostile.mjs';
import { counters, Watch } from './watch.mjs';

const KEY = 'sandbox-key-soak';
const TOKEN_LIFETIME = 20; // s: a refresh every ten
const BETWEEN_RELOADS = 5000; // ms
const WARM_UP = 3000; // ms
const TO_BECOME_QUIET = 20000; // ms, longer than every timeout of the config below

const [folder, asked] = process.argv.slice(2);
if (!folder) {
  process.stderr.write('usage: gateway.mjs BUILD_DIR [SECONDS]\n');
  process.exit(2);
}
const build = resolve(folder);
const seconds = Number(asked ?? 600);
process.env.HANDOVER_BIN = join(build, 'bin/handover');
process.env.HANDOVER_SANDBOX_BIN = join(build, 'bin/handover-sandbox');
process.env.HANDOVER_PLUGINS = join(build, 'plugins');

const pause = (milliseconds) => new Promise((done) => { setTimeout(done, milliseconds); });
const say = (text) => process.stdout.write(`${text}\n`);

// Times short enough for every limit to be met many times.
function tables(world, broken, flood, more = {}) {
  const keyed = (name, base_url, dialect) => ({
    [`providers.${name}`]: { plugin: 'openai', base_url, dialects: [dialect], model: 'sandbox-large', auth_method: 'api-key' },
    [`providers.${name}.auth.api-key`]: { env: ['SOAK_KEY'] },
  });
  return {
    '': { default_provider: 'chat' },
    serve: { head_timeout: '2s', body_timeout: '2s', keep_alive: '5s', stall_timeout: '3s', stream_keep_alive: '1s', ...more },
    ...keyed('chat', world.base_url, 'chat_completions'),
    ...keyed('answers', world.base_url, 'responses'),
    ...keyed('broken', broken.description.base_url, 'chat_completions'),
    ...keyed('flood', flood.description.base_url, 'chat_completions'),
    ...world.codexTables(),
    http: { max_retries: 0 },
  };
}

async function startGateway(home, log) {
  const file = openSync(log, 'w', 0o600);
  const child = spawn(process.env.HANDOVER_BIN, ['serve', '--listen', '127.0.0.1:0'], {
    env: home.env({ SOAK_KEY: KEY }), cwd: home.dir, stdio: ['ignore', 'pipe', file],
  });
  closeSync(file);
  process.on('exit', () => child.kill('SIGKILL'));
  const ended = new Promise((done) => { child.on('close', (code, signal) => done(signal ?? code)); });
  const line = new Promise((done) => { child.stdout.once('data', done); });
  const [, url] = /listening (\S+)/.exec(String(await within(20000, line, 'the gateway')));
  const { key } = JSON.parse(readFileSync(home.path('state', 'gateway-keys.json'), 'utf8')).keys[0];
  return { child, ended, url, key, log };
}

// Good ones and bad ones in turn; each is told apart by what the log says.
async function reload(home, gateway, made, going) {
  const counts = { good: 0, bad: 0 };
  for (let n = 0; going(); n += 1) {
    const bad = n % 3 === 2;
    home.setConfig(toml(made({ hosts: [`name-${n}.internal`] })) + (bad ? '[serve' : ''));
    gateway.child.kill('SIGHUP');
    counts[bad ? 'bad' : 'good'] += 1;
    for (let waited = 0; waited < BETWEEN_RELOADS && going(); waited += 100) await pause(100);
  }
  return counts;
}

async function page(gateway) {
  const answer = await fetch(`${gateway.url}/metrics`, { headers: { authorization: `Bearer ${gateway.key}`, connection: 'close' } });
  return counters(await answer.text());
}

// The counters once nothing is under way but this request.
async function quietPage(gateway) {
  const deadline = Date.now() + TO_BECOME_QUIET;
  for (;;) {
    const seen = await page(gateway);
    if (seen.sum('handover_connections') <= 1 && seen.sum('handover_in_flight_requests') <= 1) return seen;
    if (Date.now() > deadline) return seen;
    await pause(200);
  }
}

const checks = [];
function check(name, good, text) {
  checks.push({ name, good });
  say(`${good ? 'ok    ' : 'FAILED'} ${name}: ${text}`);
}

function judgeLog(gateway, seen) {
  const text = readFileSync(gateway.log, 'utf8');
  const lines = text.match(/ status=\d/g)?.length ?? 0;
  const counted = seen.sum('handover_requests_total');
  // The request that gave the counters is in the log and not yet in itself.
  check('counters and log', Math.abs(lines - counted) <= 1, `${counted} requests in /metrics, ${lines} lines`);
  check('log', !/sandbox-key|hok_|eyJ[\w-]{20}/.test(text), 'no key and no token in it');
  const faults = text.match(/^(?:error|.*(?:Sanitizer|terminate called)).*$/gm)?.filter((line) => !line.includes('not reloaded')) ?? [];
  check('errors in the log', faults.length === 0, faults.length === 0 ? 'none but of the bad configs' : faults.slice(0, 5).join(' | '));
  return { reloaded: text.match(/the config is reloaded/g)?.length ?? 0, refused: text.match(/not reloaded/g)?.length ?? 0 };
}

async function main() {
  const world = await startWorld('sandbox', { want: { access_token_lifetime: TOKEN_LIFETIME } });
  const broken = await startSandbox({ faults: ['model_drop_mid_stream', 'model_slow_ms=5'] });
  const flood = await startSandbox();
  await world.sandbox.faults({ model_slow_ms: 5 });
  const made = (more) => tables(world, broken, flood, more);
  const home = new Home({ config: toml(made()) });
  const logs = mkdtempSync(join(tmpdir(), 'handover-soak-'));
  await login(home, 'codex');
  const gateway = await startGateway(home, join(logs, 'gateway.log'));
  const until = Date.now() + WARM_UP + seconds * 1000;
  const going = () => Date.now() < until && gateway.child.exitCode === null && gateway.child.signalCode === null;

  // What is made at the first use is there before the first measure.
  const honest = honestCrowd(gateway, going);
  await honest.once();
  await pause(WARM_UP);
  const watch = new Watch(gateway.child.pid, seconds, (line) => say(`${line}  ${honest.good} answered`));
  const hostile = hostileCrowd(gateway, going);
  const reloads = reload(home, gateway, made, going);
  await Promise.all([honest.run(), hostile.run(), watch.run(going)]);
  const sent = await reloads;
  const seen = await quietPage(gateway);
  const { refresh_successes, reuse_detections, max_in_flight } = await world.counts();
  for (const sandbox of [broken, flood]) await sandbox.close();
  await world.close();
  await pause(1000);
  const last = watch.sample();

  say('');
  for (const line of watch.table(last)) say(line);
  say(`honest clients: ${honest.good} of ${honest.sent} requests answered; ${Math.round(honest.good / seconds)}/s`);
  say(`others: ${hostile.summary()}`);
  say(`refreshes: ${refresh_successes}; max_in_flight at the upstream: ${max_in_flight}`);
  say('');
  check('still running', gateway.child.exitCode === null && gateway.child.signalCode === null, `pid ${gateway.child.pid}`);
  check('no request lost', honest.good === honest.sent && honest.wrong.length === 0, honest.wrong.slice(0, 5).join(' | ') || 'each answer was whole and its own');
  for (const { name, good, text } of watch.verdicts(last)) check(name, good, text);
  check('nothing left under way', seen.sum('handover_in_flight_requests') === 1 && seen.sum('handover_connections') === 1
    && seen.sum('handover_queued_requests') === 0, `in flight ${seen.sum('handover_in_flight_requests')}, connections ${seen.sum('handover_connections')}, both this one`);
  const answered = ['chat', 'answers', 'codex'].reduce((sum, name) => sum + seen.sum('handover_requests_total', { provider: name, status: '200' }), 0);
  check('answers counted', answered >= honest.generated, `${answered} with 200 in /metrics, ${honest.generated} of honest clients`);
  check('clients that left', seen.sum('handover_client_gone_total') > 0 && seen.sum('handover_client_gone_total') <= hostile.may_vanish,
    `${seen.sum('handover_client_gone_total')} in /metrics, at most ${hostile.may_vanish} by count`);
  // One may have been made between the two looks.
  const refreshes = seen.sum('handover_refreshes_total', { provider: 'codex', outcome: 'ok' });
  check('refreshes', refresh_successes >= Math.floor(seconds / TOKEN_LIFETIME) && reuse_detections === 0 && refresh_successes - refreshes <= 1 && refreshes <= refresh_successes,
    `${refresh_successes} made, ${reuse_detections} twice, ${refreshes} in /metrics`);
  gateway.child.kill('SIGTERM');
  const code = await within(60000, gateway.ended, 'the end of the gateway');
  check('ends in order', code === 0, `exit ${code}`);
  const log = judgeLog(gateway, seen);
  check('reloads', log.reloaded > 0 && log.refused > 0 && log.reloaded <= sent.good && log.refused <= sent.bad,
    `${log.reloaded} taken of ${sent.good}, ${log.refused} refused of ${sent.bad}`);
  await home.close();
  if (checks.every(({ good }) => good)) rmSync(logs, { recursive: true });
  else say(`the log: ${gateway.log}`);
  return checks.every(({ good }) => good) ? 0 : 1;
}

process.exit(await main());
