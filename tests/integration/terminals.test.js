// What a person sees: every command in a terminal of 80 and of 200 columns, in one that can do nothing, and in a pipe; and how it takes
// Ctrl-C, Ctrl-Z, a reader that has gone and descriptors that are closed. HANDOVER_WRITE_GOLDEN=1 writes the expected output anew.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { binary, Home, toml } from './lib/handover.js';
import { deadPort, listen, readBody } from './lib/loopback.js';
import { startModelServer } from './lib/model_server.js';
import { eventually } from './lib/processes.js';
import { installed, quoted, Terminal } from './lib/tmux.js';

const GOLDEN = fileURLToPath(new URL('golden/', import.meta.url));
const KEY = 'sandbox-key-of-the-terminals';
const LIMITS = { 'x-ratelimit-limit-requests': '500', 'x-ratelimit-remaining-requests': '120', 'x-ratelimit-reset-requests': '1m55s' };
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
process.env.TMPDIR = '/tmp'; // where lines are broken depends on the length of the home's path
const skip = installed('tmux') ? false : 'tmux is not installed';

const noScript = installed('script') ? false : 'script is not installed';

const COMMANDS = {
  bare: [],
  help: ['--help'],
  'help-auth': ['auth', '--help'],
  version: ['--version'],
  usage: ['auth', 'logn'],
  'auth-login': ['auth', 'login', 'company', '--method', 'nothing'],
  'auth-status': ['auth', 'status'],
  'auth-token': ['auth', 'token', 'gone'],
  'auth-refresh': ['auth', 'refresh', 'company'],
  'auth-logout': ['auth', 'logout', 'it', '--account', 'nobody'],
  'auth-explain': ['auth', 'explain', 'it'],
  'auth-import': ['auth', 'import', 'codex'],
  run: ['run', '-p', 'it', 'hello'],
  batch: ['batch', 'requests.jsonl', '-o', 'answers.jsonl', '-p', 'it'],
  exec: ['exec', '-p', 'it', '--', 'printenv', 'OPENAI_BASE_URL'],
  'plugins-list': ['plugins', 'list'],
  'plugins-inspect': ['plugins', 'inspect', 'openai'],
  'config-path': ['config', 'path'],
  'config-show': ['config', 'show'],
  'config-check': ['config', 'check'],
  'config-init': ['config', 'init'],
  limits: ['limits'],
  models: ['models', '-p', 'it'],
  'serve-keys': ['serve', '--list-keys'],
  doctor: ['doctor'],
  completion: ['completion', 'fish'],
};

// One file holds the help of all of them: it is the same wherever it is shown.
const HELP = ['auth login', 'auth status', 'auth token', 'auth refresh', 'auth logout', 'auth explain', 'auth import', 'run', 'batch', 'exec', 'serve',
  'limits', 'models', 'plugins list', 'plugins inspect', 'config path', 'config show', 'config check', 'config init', 'doctor', 'completion'];

const MODES = {
  piped: {},
  'terminal, 80 columns': { terminal: true, columns: 80 },
  'terminal, 80 columns, without colour': { terminal: true, columns: 80, env: { NO_COLOR: '1' } },
  'terminal, 200 columns': { terminal: true, columns: 200 },
  'terminal, TERM=dumb': { terminal: true, columns: 80, env: { TERM: 'dumb' } },
};

// A home in which nothing depends on the machine: the program and its plugins lie in it, and its name always has one length.
async function furnished(t) {
  const models = await startModelServer({ accepts: (key) => key === KEY, response: { headers: LIMITS } });
  const login = { kind: 'oauth2', billing: 'subscription', issuer: `http://127.0.0.1:${await deadPort()}`, client_id: 'x', scopes: ['openid'], redirect_uris: ['http://127.0.0.1:0/callback'] };
  const home = new Home({
    plugins: [],
    config: toml({
      '': { default_provider: 'it' },
      'providers.it': { plugin: 'openai', base_url: models.base_url, dialects: ['responses'], model: 'test-model' },
      'providers.it.auth.api-key': { env: ['IT_KEY'] },
      'providers.company': { plugin: 'openai', base_url: models.base_url, dialects: ['responses'], auth_method: 'login' },
      'providers.company.auth.login': login,
    }),
    environment: { IT_KEY: KEY },
  });
  t.after(async () => {
    await models.close();
    await home.close();
  });
  home.secrets.add(KEY);
  home.writeCredential('company', { version: 1, provider: 'company', account: 'default', method: 'login', access_token: 'sandbox-access-1', token_type: 'Bearer', issuer: login.issuer, client_id: 'x' });
  mkdirSync(home.path('bin'));
  mkdirSync(home.path('plugins'));
  place(binary('HANDOVER_BIN'), home.path('bin', 'handover'));
  for (const name of ['codex.so', 'openai.so']) copyFileSync(join(binary('HANDOVER_PLUGINS'), name), home.path('plugins', name));
  writeFileSync(home.path('roots.pem'), 'none\n');
  const request = (id) => JSON.stringify({ custom_id: id, method: 'POST', url: '/v1/responses', body: { model: 'test-model', input: 'hi' } });
  writeFileSync(home.path('requests.jsonl'), `${request('a')}\n${request('b')}\n`);
  home.environment.SSL_CERT_FILE = home.path('roots.pem');
  home.environment.HANDOVER_PLUGIN_PATH = undefined;
  return { home, models };
}

function place(from, to) {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to); // another file system
  }
}

// What differs from run to run, by something of the same length.
function masked(text, home) {
  return text.replaceAll(home.dir, '/tmp/handover-test-XXXXXX').replace(/127\.0\.0\.1:\d{5}/g, '127.0.0.1:#####')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'YYYY-MM-DDThh:mm:ssZ')
    .replace(/(?<![\"\w.])\d+(\.\d+)?( ?)(ms|s)\b/g, '#$2$3').replace(/\d+(\.\d+)?\/s/g, '#/s');
}

async function shown(t, home, args, mode) {
  rmSync(home.path('answers.jsonl'), { force: true });
  rmSync(home.path('answers.jsonl.in-flight'), { force: true });
  for (const name of ['state', 'cache']) rmSync(home.path(name), { recursive: true, force: true });
  const program = home.path('bin', 'handover');
  if (args[0] === 'limits') await home.start(['run', '-p', 'it', 'hello'], { quiet: true, binary: program }).end();
  if (!mode.terminal) {
    const run = await home.start(args, { quiet: true, binary: program }).end();
    return `${run.stdout}${run.stderr === '' ? '' : `--- stderr\n${run.stderr}`}--- exit ${run.code}\n`;
  }
  const terminal = new Terminal(t, [program, ...args], { columns: mode.columns, rows: 200, cwd: home.dir, env: home.env({ TERM: 'screen', ...mode.env }) });
  const status = await terminal.end();
  const screen = terminal.screen({ colors: true });
  terminal.close();
  return `${screen.replaceAll('\u001b', '\\e').replace(/\n*$/, '\n').replace(/^\n$/, '')}--- exit ${status}\n`;
}

// Most of the time is spent waiting for terminals.
describe('wherever it is shown', { concurrency: 4 }, () => {
  for (const [name, args] of Object.entries(COMMANDS)) test(`handover ${args.join(' ')}`, { skip }, (t) => everywhere(t, name, args));
});

async function everywhere(t, name, args) {
  const { home } = await furnished(t);
  const sections = {};
  for (const [mode, how] of Object.entries(MODES)) sections[mode] = masked(await shown(t, home, args, how), home);
  // A mode that shows what an earlier one showed is not written out again.
  const seen = new Map();
  compare(name, Object.entries(sections).map(([mode, shows]) => {
    const same = seen.get(shows);
    if (!same) seen.set(shows, mode);
    return `=== ${mode}\n${same ? `(as ${same})\n` : shows}`;
  }).join('\n'));
}

function compare(name, shows) {
  const file = join(GOLDEN, `${name}.txt`);
  assert.doesNotMatch(shows, CONTROLS, name);
  if (process.env.HANDOVER_WRITE_GOLDEN) {
    mkdirSync(GOLDEN, { recursive: true });
    writeFileSync(file, shows);
  }
  assert.equal(shows, existsSync(file) ? readFileSync(file, 'utf8') : '', `${file} differs; HANDOVER_WRITE_GOLDEN=1 writes it anew`);
}

test('the help of every command, and nothing of it wider than 80 columns', { skip }, async (t) => {
  const { home } = await furnished(t);
  const pages = [];
  for (const name of HELP) {
    const run = await home.start([...name.split(' '), '--help'], { quiet: true, binary: home.path('bin', 'handover') }).end();
    assert.deepEqual([run.code, run.stderr], [0, '']);
    for (const line of run.stdout.split('\n')) assert.ok(line.length <= 80, line);
    pages.push(`=== handover ${name} --help\n${run.stdout}`);
  }
  compare('help-of-commands', pages.join('\n'));

  const overview = await home.start(['--help'], { quiet: true, binary: home.path('bin', 'handover') }).end();
  const listed = overview.stdout.split('Commands:\n')[1].split('\n\n')[0].split('\n').map((line) => line.slice(2, 20).trim());
  assert.deepEqual([...HELP].sort(), listed.sort());
});

test('every command has its golden file', () => {
  const names = [...Object.keys(COMMANDS), 'help-of-commands'];
  assert.deepEqual(readdirSync(GOLDEN).sort(), names.map((name) => `${name}.txt`).sort());
});

// --- text from outside --------------------------------------------------------------------------------------------------------

const HOSTILE = '\u001b]0;owned\u0007\u001b[2J\u009b31m\u202Eevil\u0000\u0007';

function spotless(bytes, what) {
  const text = bytes.toString('utf8');
  assert.match(text, /evil/, `${what}: the text itself is shown`);
  for (const bad of ['\u001b]', '\u001b[2J', '\u009b', '\u202e', '\u0000', '\u0007']) assert.ok(!text.includes(bad), `${what} let ${JSON.stringify(bad)} through`);
}

test('nothing from outside reaches a terminal unescaped', { skip: noScript }, async (t) => {
  const { home } = await furnished(t);
  let answer = {};
  const server = await listen(async (request, response) => {
    await readBody(request);
    response.writeHead(answer.status ?? 200, { 'content-type': answer.type ?? 'application/json' });
    response.end(answer.body);
  });
  t.after(() => server.close());
  const event = (data) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
  home.setConfig(toml({
    'providers.it': { plugin: 'openai', base_url: `${server.origin}/v1`, dialects: ['responses'], model: `m${HOSTILE}`.replaceAll('\u0000', '') },
    'providers.it.auth.api-key': { env: ['IT_KEY'] },
  }));
  writeFileSync(home.path('plugins', `evil${HOSTILE.replaceAll('\u0000', '').replaceAll('/', '')}.so`), 'no plugin');
  const line = JSON.stringify({ custom_id: HOSTILE, method: 'POST', url: '/v1/responses', body: { input: 'hi' } });
  writeFileSync(home.path('bad.jsonl'), `${line}\n${line}\n`);
  const cases = [
    ['an error of the provider', ['run', '-p', 'it', 'hi'], { status: 400, body: JSON.stringify({ error: { message: `no: ${HOSTILE}` } }) }],
    ['the text of an answer', ['run', '-p', 'it', 'hi'], {
      type: 'text/event-stream',
      body: event({ type: 'response.output_text.delta', delta: `so ${HOSTILE}` })
        + event({ type: 'response.completed', response: { id: 'r', object: 'response', status: 'completed', output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: `so ${HOSTILE}` }] }] } }),
    }],
    ['models', ['models', '-p', 'it', '--refresh'], { body: JSON.stringify({ object: 'list', data: [{ id: HOSTILE, object: 'model' }, { id: 'evil', object: 'model', owned_by: HOSTILE }] }) }],
    ['a line of a batch', ['batch', 'bad.jsonl', '-o', 'answers.jsonl', '-p', 'it'], {}],
    ['plugins list', ['plugins', 'list'], {}],
    ['doctor', ['doctor'], {}],
    ['an argument', ['auth', 'token', `evil${HOSTILE.replaceAll('\u0000', '')}`], {}],
    ['an option', ['run', `--evil${HOSTILE.replaceAll('\u0000', '')}`], {}],
    ['config show', ['config', 'show'], {}],
    ['config path', ['config', 'path', '--config', `evil${HOSTILE.replaceAll('\u0000', '')}`], {}],
    ['JSON of the provider', ['run', '-p', 'it', '--json', '--no-stream', 'hi'], { body: `{"id": "r", "object": "response", "status": "completed", "metadata": {"x": "${HOSTILE.replace(/[\u0000-\u001f]/g, '')}"}, "output": []}` }],
  ];
  for (const [what, args, reply] of cases) {
    answer = reply;
    spotless(await onTerminal(home, args), what);
  }
});

test('a terminal that can do nothing gets no escape sequences', { skip: noScript }, async (t) => {
  const { home } = await furnished(t);
  for (const args of [COMMANDS.run, COMMANDS.batch, ['models', '-p', 'it', '--refresh'], COMMANDS.usage, COMMANDS.doctor, ['auth', 'status', '-vvv']]) {
    const shows = (await onTerminal(home, args, { TERM: 'dumb' })).toString();
    assert.notEqual(shows, '', args.join(' '));
    assert.doesNotMatch(shows.replaceAll('\r\n', '\n'), CONTROLS, args.join(' '));
  }
  assert.match((await onTerminal(home, COMMANDS.usage)).toString(), /\u001b\[/);
});

// Every byte that the program writes to a terminal.
async function onTerminal(home, args, env = {}) {
  const command = [home.path('bin', 'handover'), ...args].map(quoted).join(' ');
  const child = spawn('script', ['-q', '-c', command, '/dev/null'], { cwd: home.dir, env: home.env({ TERM: 'screen', SHELL: '/bin/sh', ...env }), stdio: ['ignore', 'pipe', 'inherit'] });
  return buffer(child.stdout);
}

// --- signals ------------------------------------------------------------------------------------------------------------------

// A shell with job control that runs `script`; "$BIN" is the program. It leaves the terminal's settings alone.
function shell(t, home, script) {
  return new Terminal(t, ['bash', '--norc', '--noprofile', '-m', '-c', script], { cwd: home.dir, env: home.env({ BIN: home.path('bin', 'handover'), PATH: process.env.PATH }) });
}

const settings = (home, name) => eventually(() => (existsSync(home.path(`${name}.done`)) ? readFileSync(home.path(name), 'utf8') : ''), (text) => text !== '', 60000, `the settings in ${name}`);
const NOTE = (name) => `stty -a > ${name}; : > ${name}.done`;

test('Ctrl-Z at a prompt without echo leaves a terminal with echo; continued, it hides again', { skip }, async (t) => {
  const { home } = await furnished(t);
  const terminal = shell(t, home, `"$BIN" auth login it --method api-key; ${NOTE('stopped')}; fg; ${NOTE('ended')}; "$BIN" auth status it`);
  await terminal.until(/API key for it:/);
  terminal.key('C-z');
  const stopped = await settings(home, 'stopped');
  assert.match(stopped, / echo /);
  assert.match(stopped, / icanon /);
  const hidden = () => spawnSync('stty', ['-F', terminal.tmux('display-message', '-p', '#{pane_tty}').trim(), '-a'], { encoding: 'utf8' }).stdout;
  await eventually(hidden, (text) => / -echo /.test(text), 60000, 'a terminal without echo');
  terminal.type('sandbox-key-typed-2\n');
  assert.match(await settings(home, 'ended'), / echo /);
  await terminal.end();
  assert.doesNotMatch(terminal.screen(), /sandbox-key-typed/);
  assert.equal(home.credential('it').api_key, 'sandbox-key-typed-2');
});

test('Ctrl-C at a prompt without echo leaves a terminal with echo', { skip }, async (t) => {
  const { home } = await furnished(t);
  const terminal = shell(t, home, `"$BIN" auth login it --method api-key; echo "status $?"; ${NOTE('ended')}`);
  await terminal.until(/API key for it:/);
  terminal.key('C-c');
  assert.match(await settings(home, 'ended'), / echo /);
  await terminal.until(/status 130/);
  assert.ok(!home.hasCredential('it'));
});

test('Ctrl-Z and Ctrl-C while a login waits for a pasted URL', { skip }, async (t) => {
  const { home } = await furnished(t);
  home.setConfig(readFileSync(home.path('config.toml'), 'utf8').replace('client_id = "x"', 'client_id = "x"\nauthorization_endpoint = "{issuer}/a"\ntoken_endpoint = "{issuer}/t"\ndiscovery = "never"').replace('"client_id" = "x"', '"client_id" = "x"\nauthorization_endpoint = "{issuer}/a"\ntoken_endpoint = "{issuer}/t"\ndiscovery = "never"'));
  const terminal = shell(t, home, `"$BIN" auth login company --no-browser --force; ${NOTE('stopped')}; fg; echo "status $?"; ${NOTE('ended')}`);
  await terminal.until(/^http:\S+code_challenge/m);
  const tty = terminal.tmux('display-message', '-p', '#{pane_tty}').trim();
  const now = () => spawnSync('stty', ['-F', tty, '-a'], { encoding: 'utf8' }).stdout;
  await eventually(now, (text) => / -echo /.test(text), 60000, 'a terminal without echo');
  terminal.key('C-z');
  assert.match(await settings(home, 'stopped'), / echo /);
  await eventually(now, (text) => / -echo /.test(text), 60000, 'a terminal without echo again');
  terminal.key('C-c');
  assert.match(await settings(home, 'ended'), / echo /);
  await terminal.until(/status 130/);
});

test('Ctrl-Z and Ctrl-C while an answer is waited for', { skip }, async (t) => {
  const { home } = await furnished(t);
  let came;
  const request = new Promise((resolve) => { came = resolve; });
  const server = await listen(async () => came());
  t.after(() => server.close());
  home.setConfig(toml({
    'providers.it': { plugin: 'openai', base_url: `${server.origin}/v1`, dialects: ['responses'], model: 'm' },
    'providers.it.auth.api-key': { env: ['IT_KEY'] },
  }));
  const terminal = shell(t, home, '"$BIN" run -p it hi; echo "stopped $?"; fg; echo "status $?"');
  await request;
  terminal.key('C-z');
  await terminal.until(/^stopped 148$/m);
  const front = () => terminal.tmux('display-message', '-p', '#{pane_current_command}');
  await eventually(front, (program) => /^handover$/m.test(program), 60000, 'the program in front again');
  terminal.key('C-c');
  await terminal.until(/status 130$/m);
  await terminal.end();
});

// --- pipes and descriptors ----------------------------------------------------------------------------------------------------

// Not spawnSync: the server that it asks runs in this process.
async function bash(home, script) {
  const child = spawn('bash', ['--norc', '-c', script], { cwd: home.dir, env: home.env({ BIN: home.path('bin', 'handover') }), stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), new Promise((resolve) => { child.on('close', resolve); })]);
  return { stdout, stderr, status };
}

test('a reader that has gone ends it by SIGPIPE, without a word', async (t) => {
  const { home } = await furnished(t);
  for (const args of ['--help', 'plugins list', 'run -p it hello', 'completion bash', 'doctor --json']) {
    const run = await bash(home, `exec 3> >(exec true); wait $!; "$BIN" ${args} >&3`);
    assert.equal(run.status, 141, `${args}: ${run.stderr}`);
    assert.equal(run.stderr, '', args);
  }
  const head = await bash(home, 'set -o pipefail; "$BIN" plugins inspect openai | head -1; true');
  assert.equal(head.stdout.split('\n').length, 2);
  assert.equal(head.stderr, '');
  const words = await bash(home, 'exec 3> >(exec true); wait $!; "$BIN" auth token gone 2>&3');
  assert.equal(words.status, 3, 'the status stays, though nobody hears why');
});

test('closed descriptors are as good as /dev/null, as with git', async (t) => {
  const { home } = await furnished(t);
  for (const closed of ['>&-', '2>&-', '<&-', '<&- >&- 2>&-']) {
    const run = await bash(home, `"$BIN" auth status ${closed}; "$BIN" run -p it hello ${closed}`);
    assert.equal(run.status, 0, `${closed}: ${run.stderr}`);
  }
  const stored = await bash(home, `echo sandbox-key-piped-3 | "$BIN" auth login it --with-api-key >&- 2>&-`);
  assert.equal(stored.status, 0);
  assert.equal(home.credential('it').api_key, 'sandbox-key-piped-3');
  for (const name of readdirSync(home.path('credentials'))) {
    const text = readFileSync(home.path('credentials', name), 'utf8');
    assert.match(text, /^(\{[^]*\}\s*|\d*\s*)$/, `${name} holds what was meant for a closed descriptor`);
  }
  const full = await bash(home, '"$BIN" --help > /dev/full');
  assert.equal(full.status, 1);
  assert.match(full.stderr, /cannot write to standard output: No space left on device/);
});
