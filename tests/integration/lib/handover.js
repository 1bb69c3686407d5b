// Runs the handover program as a person would, in a home of its own, and keeps what it said: at the end no run may have shown a
// secret, and nothing that was started is left running.
import { spawn } from 'node:child_process';
import {
  chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { within } from './record.js';

const RUN_LIMIT = 90000; // ms; a sanitizer build on a busy machine is slow
const TOKEN_MEMBERS = ['access_token', 'refresh_token', 'id_token', 'api_key'];

// A path that ctest hands over.
export function binary(variable) {
  const path = process.env[variable];
  if (!path) throw new Error(`${variable} is not set; run the tests through ctest`);
  return path;
}

const firstCpu = () => /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1];

const alive = new Set();
process.on('exit', () => { for (const run of alive) run.kill('SIGKILL'); });

// One process, its output as it comes.
export class Run {
  stdout = '';
  stderr = '';

  constructor(command, args, { env, cwd, stdin = 'ignore' }) {
    this.args = args;
    this.child = spawn(command, args, { env, cwd, detached: true, stdio: [stdin, 'pipe', 'pipe'] });
    alive.add(this);
    this.watchers = new Set();
    for (const name of ['stdout', 'stderr']) {
      this.child[name].setEncoding('utf8');
      this.child[name].on('data', (text) => { this[name] += text; this.#look(); });
    }
    this.child.stdin?.on('error', () => {}); // it may end before it has read everything
    const closed = new Promise((resolve, reject) => {
      this.child.on('error', reject);
      this.child.on('close', (code, signal) => resolve({ code, signal }));
    });
    this.ended = closed.then((end) => this.#finish(end));
  }

  #finish({ code, signal }) {
    alive.delete(this);
    this.over = true;
    Object.assign(this, { code, signal });
    this.#look();
    return this;
  }

  #look() {
    for (const watcher of [...this.watchers]) watcher();
  }

  kill(signal = 'SIGKILL') {
    try {
      process.kill(-this.child.pid, signal);
    } catch {
      // it has gone by itself
    }
  }

  // The match of `pattern` in 'stdout' or 'stderr', now or once it is there.
  until(pattern, stream = 'stderr', milliseconds = RUN_LIMIT) {
    const found = new Promise((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(this[stream]);
        if (!match && !this.over) return;
        this.watchers.delete(look);
        if (match) resolve(match);
        else reject(new Error(`ended without ${pattern} in ${stream}: ${this}`));
      };
      this.watchers.add(look);
      look();
    });
    return within(milliseconds, found, () => `${pattern} from ${this}`);
  }

  // The authorization URL: alone on a line of stderr.
  async authorizationUrl() {
    const match = await this.until(/^\s*(https?:\/\/\S+)\s*$/m);
    return match[1];
  }

  async end(milliseconds = RUN_LIMIT) {
    try {
      return await within(milliseconds, this.ended, () => `the end of ${this}`);
    } catch (error) {
      this.kill();
      throw error;
    }
  }

  toString() {
    return `handover ${this.args.join(' ')} (exit ${this.code ?? this.signal ?? 'none yet'})\n`
      + `--- stdout\n${this.stdout}\n--- stderr\n${this.stderr}`;
  }
}

export class Home {
  dir = mkdtempSync(join(tmpdir(), 'handover-test-'));
  runs = [];
  secrets = new Set();
  undo = []; // what must happen before the folder is removed
  watched = []; // sets of secrets that others fill

  constructor({ config = '', plugins = [binary('HANDOVER_PLUGINS')], environment = {} } = {}) {
    this.plugins = plugins;
    this.environment = environment;
    this.setConfig(config);
  }

  path(...parts) {
    return join(this.dir, ...parts);
  }

  setConfig(text) {
    writeFileSync(this.path('config.toml'), text);
  }

  watchSecrets(set) {
    this.watched.push(set);
  }

  // Nothing of the caller's environment but what a program needs to run at all.
  env(more = {}) {
    const kept = {};
    for (const name of ['PATH', 'ASAN_OPTIONS', 'UBSAN_OPTIONS', 'LSAN_OPTIONS', 'TSAN_OPTIONS']) {
      if (process.env[name] !== undefined) kept[name] = process.env[name];
    }
    const env = {
      ...kept, HOME: this.dir, LANG: 'C.UTF-8', HANDOVER_HOME: this.dir,
      HANDOVER_PLUGIN_PATH: this.plugins.join(':'), ...this.environment, ...more,
    };
    return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
  }

  // Options: env, stdin ('pipe' or 'ignore'), input (text for stdin), quiet (no -vvv), shows ('stdout' where a secret is what was
  // asked for), cwd, one_cpu (it may use no more: a gateway then has one loop).
  start(args, { env = {}, stdin, input, quiet = false, shows = '', cwd = this.dir, binary: program, one_cpu = false } = {}) {
    const all = [program ?? binary('HANDOVER_BIN'), ...(quiet ? [] : ['-vvv']), ...args];
    if (one_cpu) all.unshift('taskset', '--cpu-list', firstCpu());
    const mode = input === undefined ? stdin : 'pipe';
    const run = new Run(all[0], all.slice(1), { env: this.env(env), cwd, stdin: mode });
    run.shows = shows;
    if (input !== undefined) run.child.stdin.end(input);
    this.runs.push(run);
    return run;
  }

  async run(args, options = {}) {
    const run = await this.start(args, options).end(options.milliseconds);
    this.keepSecrets();
    return run;
  }

  // The access token, as a script would get it.
  async token(provider, args = [], options = {}) {
    return this.run(['auth', 'token', provider, ...args], { shows: 'stdout', ...options });
  }

  async status(provider) {
    const run = await this.run(['auth', 'status', ...(provider ? [provider] : []), '--json']);
    return { run, rows: JSON.parse(run.stdout) };
  }

  credentialFile(provider, account = 'default') {
    return this.path('credentials', `${provider}@${account}.json`);
  }

  hasCredential(provider, account) {
    return existsSync(this.credentialFile(provider, account));
  }

  // Credential files that were set aside.
  corruptFiles() {
    const folder = this.path('credentials');
    return readdirSync(folder).filter((name) => name.includes('.corrupt-')).map((name) => join(folder, name));
  }

  credential(provider, account) {
    const credential = JSON.parse(readFileSync(this.credentialFile(provider, account), 'utf8'));
    for (const name of TOKEN_MEMBERS) if (credential[name]) this.secrets.add(credential[name]);
    return credential;
  }

  writeCredential(provider, credential, account) {
    mkdirSync(this.path('credentials'), { recursive: true, mode: 0o700 });
    chmodSync(this.path('credentials'), 0o700);
    const file = this.credentialFile(provider, account);
    writeFileSync(file, typeof credential === 'string' ? credential : JSON.stringify(credential), { mode: 0o600 });
    chmodSync(file, 0o600);
  }

  // Moves the expiry of a stored credential: `left` seconds from now (negative: past), `life` seconds after it was obtained.
  setExpiry(provider, left, life = 3600, account = 'default') {
    const at = (seconds) => `${new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19)}Z`;
    const moved = { ...this.credential(provider, account), expires_at: at(left), obtained_at: at(left - life) };
    this.writeCredential(provider, moved, account);
  }

  keepSecrets() {
    const folder = this.path('credentials');
    if (!existsSync(folder)) return;
    for (const name of readdirSync(folder)) {
      if (!name.endsWith('.json')) continue;
      try {
        const credential = JSON.parse(readFileSync(join(folder, name), 'utf8'));
        for (const member of TOKEN_MEMBERS) if (credential[member]) this.secrets.add(credential[member]);
      } catch {
        // a test that damages files
      }
    }
  }

  // Every place where a secret stands and should not.
  leaks() {
    this.keepSecrets();
    const secrets = new Set([...this.secrets, ...this.watched.flatMap((set) => [...set])].filter((s) => s.length >= 8));
    const found = [];
    for (const secret of secrets) {
      for (const shape of new Set([secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')])) {
        for (const run of this.runs) {
          if (run.stderr.includes(shape)) found.push(`stderr of handover ${run.args.join(' ')}`);
          if (run.shows !== 'stdout' && run.stdout.includes(shape)) found.push(`stdout of handover ${run.args.join(' ')}`);
        }
        for (const folder of ['state', 'cache']) found.push(...filesWith(this.path(folder), shape));
      }
    }
    return [...new Set(found)];
  }

  // Ends whatever still runs, throws if a secret got out, removes the folder.
  async close() {
    for (const run of this.runs) if (!run.over) run.kill();
    await Promise.all(this.runs.map((run) => run.ended));
    const leaks = this.leaks();
    for (const undo of this.undo) undo();
    rmSync(this.dir, { recursive: true, force: true });
    if (leaks.length) throw new Error(`a secret got out: ${leaks.join('; ')}`);
  }

  // What $BROWSER is set to: a program of one word, which is the test browser with its report in `browser.log`.
  browser(options = []) {
    const script = this.path('browser');
    const words = [process.execPath, fileURLToPath(new URL('browser.js', import.meta.url)), '--log', this.path('browser.log'), ...options];
    writeFileSync(script, `#!/bin/sh\nexec ${words.map((w) => `'${w}'`).join(' ')} "$@"\n`, { mode: 0o755 });
    return script;
  }

  browserReports() {
    const log = this.path('browser.log');
    if (!existsSync(log)) return [];
    return readFileSync(log, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  }
}

function filesWith(folder, text) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const stat = statSync(path);
    if (stat.isDirectory()) return filesWith(path, text);
    return stat.isFile() && readFileSync(path).includes(text) ? [path] : [];
  });
}

// TOML of a table and the tables in it; a value is what JSON writes, which TOML reads alike.
export function toml(tables) {
  return Object.entries(tables).map(([name, values]) => {
    const lines = Object.entries(values).filter(([, value]) => value !== undefined)
      .map(([key, value]) => `${JSON.stringify(key)} = ${tomlValue(value)}`);
    return name === '' ? lines.join('\n') : `[${name}]\n${lines.join('\n')}`;
  }).join('\n\n').concat('\n');
}

function tomlValue(value) {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return JSON.stringify(value);
  return `{ ${Object.entries(value).map(([k, v]) => `${JSON.stringify(k)} = ${tomlValue(v)}`).join(', ')} }`;
}
