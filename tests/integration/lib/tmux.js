// A terminal to look at: a tmux server of its own with one pane, in which a program runs.
import { execFileSync, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { eventually } from './processes.js';

const PATIENCE = 60000; // ms; a sanitizer build on a busy machine is slow
const PAUSE = 40; // ms between two looks: tmux tells nobody what changed

const MARK = '[handover-test: exit';
const ENDED = /\[handover-test: exit (\d+)\]/;

async function later(look) {
  await new Promise((resolve) => { setTimeout(resolve, PAUSE); });
  return look();
}

export function installed(program) {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

let servers = 0;

export class Terminal {
  // `words` is the program with its arguments.
  constructor(t, words, { columns = 80, rows = 60, env = {}, cwd = '/' } = {}) {
    this.socket = join(tmpdir(), `handover-test-${process.pid}-${servers += 1}.tmux`);
    t.after(() => this.close());
    const variables = Object.entries({ TERM: 'screen', ...env }).map(([name, value]) => `${name}=${value}`);
    const command = ['env', '-i', ...variables, ...words].map(quoted).join(' ');
    // It says by itself that it ended, behind all that the program wrote: a look at the pane's own state may miss the one or the other.
    const pane = `trap : INT; ${command}; printf '${MARK} %d]' $?; exec sleep 1000`;
    this.tmux('start-server', ';', 'set-option', '-g', 'status', 'off', ';', 'new-session', '-d', '-x', String(columns), '-y', String(rows), '-c', cwd, pane);
  }

  tmux(...args) {
    return execFileSync('tmux', ['-S', this.socket, '-f', '/dev/null', ...args], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8', SHELL: '/bin/sh', TMUX: '' } });
  }

  type(text) {
    for (const part of text.split(/(\n|\t)/)) {
      if (part === '\n') this.tmux('send-keys', 'Enter');
      else if (part === '\t') this.tmux('send-keys', 'Tab');
      else if (part !== '') this.tmux('send-keys', '-l', part);
    }
  }

  key(name) {
    this.tmux('send-keys', name);
  }

  // What can be seen; lines that the terminal broke are whole again. `colors`: with their escape sequences.
  screen({ colors = false } = {}) {
    const text = this.tmux('capture-pane', '-p', '-J', ...(colors ? ['-e'] : []));
    return text.replace(ENDED, '').replace(/[ ]+$/gm, '').replace(/\n+$/, '\n');
  }

  until(pattern, milliseconds = PATIENCE) {
    return eventually(() => later(() => this.screen()), (screen) => pattern.test(screen), milliseconds, () => `${pattern} on the screen:\n${this.screen()}`);
  }

  // The exit status of the program.
  async end(milliseconds = PATIENCE) {
    const look = () => ENDED.exec(this.tmux('capture-pane', '-p', '-J'));
    const [, status] = await eventually(() => later(look), Boolean, milliseconds, () => `the end of what shows:\n${this.screen()}`);
    return Number(status);
  }

  close() {
    spawnSync('tmux', ['-S', this.socket, 'kill-server'], { stdio: 'ignore' });
    rmSync(this.socket, { force: true });
  }
}

export function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
