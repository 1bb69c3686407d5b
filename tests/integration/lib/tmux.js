// A terminal to look at: a tmux server of its own with one pane, in which a program runs.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { eventually } from './processes.js';

const PATIENCE = 60000; // ms; a sanitizer build on a busy machine is slow
const PAUSE = 40; // ms between two looks: tmux tells nobody what changed

async function later(look) {
  await new Promise((resolve) => { setTimeout(resolve, PAUSE); });
  return look();
}

export function installed(program) {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

let servers = 0;

export class Terminal {
  // `words` is the program with its arguments; `raw`: a file for every byte that it writes.
  constructor(t, words, { columns = 80, rows = 60, env = {}, cwd = '/', raw } = {}) {
    this.server = `handover-test-${process.pid}-${servers += 1}`;
    t.after(() => this.close());
    const command = `exec env -i ${Object.entries({ TERM: 'screen', ...env }).map(([k, v]) => quoted(`${k}=${v}`)).join(' ')} ${words.map(quoted).join(' ')}`;
    const held = raw ? `read -r _; ${command}` : command;
    this.tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), '-c', cwd, 'sleep 1000');
    this.tmux('set-option', '-g', 'remain-on-exit', 'on');
    this.tmux('set-option', '-g', 'remain-on-exit-format', '');
    this.tmux('set-option', '-g', 'status', 'off');
    this.tmux('resize-window', '-x', String(columns), '-y', String(rows));
    this.tmux('respawn-pane', '-k', '-c', cwd, held);
    if (raw) {
      this.tmux('pipe-pane', `cat > ${quoted(raw)}`);
      this.raw = raw;
      this.type('\n');
    }
  }

  tmux(...args) {
    return execFileSync('tmux', ['-L', this.server, '-f', '/dev/null', ...args], { encoding: 'utf8', env: { ...process.env, TMUX: '' } });
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
    return text.replace(/[ ]+$/gm, '').replace(/\n+$/, '\n');
  }

  until(pattern, milliseconds = PATIENCE) {
    return eventually(() => later(() => this.screen()), (screen) => pattern.test(screen), milliseconds, () => `${pattern} on the screen:\n${this.screen()}`);
  }

  // The exit status of the program.
  async end(milliseconds = PATIENCE) {
    const look = () => this.tmux('display-message', '-p', '#{pane_dead} #{pane_dead_status}').trim().split(' ');
    const [, status] = await eventually(() => later(look), ([dead, status]) => dead === '1' && Boolean(status), milliseconds, () => `the end of what shows:\n${this.screen()}`);
    return Number(status);
  }

  written() {
    return readFileSync(this.raw);
  }

  close() {
    spawnSync('tmux', ['-L', this.server, 'kill-server']);
  }
}

export function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
