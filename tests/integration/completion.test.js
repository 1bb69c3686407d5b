// Completion in the shells themselves.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';

import { binary, Home, toml } from './lib/handover.js';
import { installed, Terminal } from './lib/tmux.js';

const PROMPT = '> ';

function furnished(t) {
  const home = new Home({
    config: toml({
      'providers.company': { plugin: 'openai', base_url: 'http://127.0.0.1:9/v1', dialects: ['responses'], model: 'sandbox/tiny:free' },
    }),
  });
  home.writeCredential('company', { version: 1, provider: 'company', account: 'work', method: 'api-key', api_key: 'sandbox-key-1' }, 'work');
  mkdirSync(home.path('bin'));
  symlinkSync(binary('HANDOVER_BIN'), home.path('bin', 'handover'));
  mkdirSync(home.path('a folder'));
  home.environment.PATH = `${home.path('bin')}:${process.env.PATH}`;
  t.after(() => home.close());
  return home;
}

// What a line becomes when Tab is pressed behind it, in a shell that shows PROMPT.
async function completed(terminal, line, expected) {
  terminal.type(`${line}\t`);
  await terminal.until(new RegExp(`^${PROMPT}${escaped(expected.trimEnd())}`, 'm'));
  terminal.key('C-u');
  terminal.key('C-l');
  await terminal.until(/^> *\s*$/);
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const LINES = [
  ['handover ru', 'handover run '],
  ['handover auth expl', 'handover auth explain '],
  ['handover -q config ch', 'handover -q config check '],
  ['handover run --no-st', 'handover run --no-stream '],
  ['handover run --color=al', 'handover run --color=always'],
  ['handover run -p comp', 'handover run -p company '],
  ['handover auth token comp', 'handover auth token company '],
  ['handover auth token company --account w', 'handover auth token company --account work '],
  ['handover run -p company -m sandbox/tiny:f', 'handover run -p company -m sandbox/tiny:free '],
  ['handover plugins inspect cod', 'handover plugins inspect codex '],
  ['handover --plugin-dir a', 'handover --plugin-dir a\\ folder/'],
  ['handover --config conf', 'handover --config config.toml '],
  ['handover completion f', 'handover completion fish '],
];

const SHELLS = {
  bash: { words: ['bash', '--norc', '--noprofile', '-i'], setup: ["PS1='> '", 'source <(handover completion bash)'] },
  zsh: { words: ['zsh', '-f', '-i'], setup: ["PS1='> '", 'autoload -U compinit', 'compinit -D', 'source <(handover completion zsh)'] },
};

// Most of the time is spent waiting for the shells.
describe('the shells complete commands, options, names and files', { concurrency: 3 }, () => {
  for (const [name, shell] of Object.entries(SHELLS)) test(name, { skip: missing(name, 'tmux') }, (t) => typed(t, shell));
  test('fish', { skip: missing('fish') }, asked);
});

async function typed(t, shell) {
  const home = furnished(t);
  const terminal = new Terminal(t, shell.words, { columns: 200, env: home.env(), cwd: home.dir });
  for (const line of shell.setup) terminal.type(`${line}\n`);
  terminal.type('clear; echo set; clear\n');
  await terminal.until(/^> *\s*$/);
  for (const [line, expected] of LINES) await completed(terminal, line, expected);

  // Several: all of them are shown.
  terminal.type('handover auth log\t\t');
  const screen = await terminal.until(/login[^]*logout/);
  assert.doesNotMatch(screen, /explain/);
}

async function asked(t) {
  const home = furnished(t);
  for (const [line, expected] of LINES) {
    const word = expected.trimEnd().replace(line.slice(0, line.lastIndexOf(' ') + 1), '').replaceAll('\\', '');
    assert.deepEqual(await fish(home, line), [word], line);
  }
  assert.deepEqual((await fish(home, 'handover auth log')).sort(), ['login', 'logout']);
}

async function fish(home, line) {
  const script = 'handover completion fish | source; complete -C $argv[1]';
  const run = await promisify(execFile)('fish', ['--no-config', '-c', script, line], { env: home.env(), cwd: home.dir });
  assert.equal(run.stderr, '');
  return run.stdout.trimEnd().split('\n').map((found) => found.split('\t')[0]);
}

test('completion is silent and changes nothing but the index, whatever is wrong', async (t) => {
  const home = furnished(t);
  const words = [['auth', 'token', ''], ['run', '-p', 'company', '-m', ''], ['--config', 'no/such/file', 'run', '-p', ''], ['bogus', ''], ['-'], [], ['auth', 'login', '--', '']];
  const ask = (list) => home.run(['__complete', '--', ...list], { quiet: true });
  for (const broken of ['', 'not toml [', 'default_provider = "nobody"\n']) {
    home.setConfig(broken);
    for (const list of words) {
      const run = await ask(list);
      assert.equal(run.code, 0, String(run));
      assert.equal(run.stderr, '', String(run));
    }
  }
  const presets = await ask(['run', '-p', 'gro']);
  assert.match(presets.stdout, /^groq\t/m);
  assert.deepEqual(readdirSync(home.dir).sort(), ['a folder', 'bin', 'cache', 'config.toml', 'credentials']);
});

function missing(...programs) {
  const absent = programs.filter((program) => !installed(program));
  return absent.length ? `${absent.join(', ')} not installed` : false;
}
