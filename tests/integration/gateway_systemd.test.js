// The gateway as a service: what it tells the manager, the sockets it is handed, and the units in config/.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Gateway } from './lib/gateway.js';
import { Home, binary, toml } from './lib/handover.js';
import { eventually } from './lib/processes.js';
import { within } from './lib/record.js';

const TOO_LONG = 30000; // ms
const units = fileURLToPath(new URL('../../config', import.meta.url));

// The manager's end of NOTIFY_SOCKET. Node has no datagrams on Unix sockets; Perl is everywhere.
const LISTENER = `use Socket; $| = 1; (my $at = $ARGV[0]) =~ s/^@/\\0/;
  socket(my $s, AF_UNIX, SOCK_DGRAM, 0) || die $!; bind($s, pack_sockaddr_un($at)) || die $!; print "bound\\n";
  while (defined recv($s, my $said, 4096, 0)) { $said =~ s/\\n/ /g; print "$said\\n" }`;

class Manager {
  constructor(t, address) {
    this.said = '';
    this.look = () => {};
    this.child = spawn('perl', ['-e', LISTENER, address], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => this.child.kill('SIGKILL'));
    this.child.stdout.setEncoding('utf8').on('data', (text) => { this.said += text; this.look(); });
  }

  until(pattern) {
    return within(TOO_LONG, new Promise((resolve) => {
      this.look = () => { if (pattern.test(this.said)) resolve(this.said); };
      this.look();
    }), () => `${pattern} in ${this.said}`);
  }
}

for (const abstract of [false, true]) {
  test(`the manager hears what becomes of it${abstract ? ', at an abstract address' : ''}`, async (t) => {
    const home = new Home();
    t.after(() => home.close());
    const address = `${abstract ? '@' : ''}${home.path('notify')}`;
    const manager = new Manager(t, address);
    await manager.until(/^bound\n/);
    const gateway = await Gateway.start(home, { env: { NOTIFY_SOCKET: address } });
    await manager.until(/^bound\nREADY=1\n$/);

    gateway.run.kill('SIGHUP');
    await manager.until(/^bound\nREADY=1\nRELOADING=1 MONOTONIC_USEC=\d+\nREADY=1\n$/);
    const usec = Number(/MONOTONIC_USEC=(\d+)/.exec(manager.said)[1]);
    const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1e6;
    assert.ok(usec > 0 && Math.abs(uptime - usec) < 600e6, `${usec} of ${uptime}`);

    home.setConfig(toml({ '': { no_such_key: 1 } })); // a reload that fails is over as well
    gateway.run.kill('SIGHUP');
    await manager.until(/(RELOADING=1 MONOTONIC_USEC=\d+\nREADY=1\n){2}$/);
    await eventually(() => gateway.run.stderr, (text) => /the config is not reloaded/.test(text), TOO_LONG, 'the refusal in the log');

    await gateway.close();
    const said = await manager.until(/STOPPING=1\n$/);
    assert.equal(said.match(/STOPPING/g).length, 1);
  });
}

const has = (tool, ...args) => spawnSync(tool, args, { stdio: 'ignore' }).status === 0;

test('systemd-socket-activate hands it a socket', { skip: !has('systemd-socket-activate', '--version') && 'systemd-socket-activate is not installed' }, async (t) => {
  const home = new Home();
  t.after(() => home.close());
  const socket = home.path('listen');
  const kept = ['HOME', 'LANG', 'HANDOVER_HOME', 'HANDOVER_PLUGIN_PATH', 'ASAN_OPTIONS', 'UBSAN_OPTIONS'];
  const child = spawn('systemd-socket-activate', [
    '-l', socket, ...kept.flatMap((name) => ['-E', name]), binary('HANDOVER_BIN'), 'serve',
  ], { env: home.env(), stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  let said = '';
  let log = '';
  child.stdout.setEncoding('utf8').on('data', (text) => { said += text; });
  const listening = new Promise((resolve) => {
    child.stderr.setEncoding('utf8').on('data', (text) => { log += text; if (/Listening on/.test(log)) resolve(); });
  });
  await within(TOO_LONG, listening, () => `the tool: ${log}`);
  assert.equal(said, ''); // nobody has called yet
  const answer = execFileSync('curl', ['-sS', '--max-time', '30', '--unix-socket', socket, 'http://localhost/healthz'], { encoding: 'utf8' });
  assert.deepEqual(JSON.parse(answer), { status: 'ok' });
  await eventually(() => said, (text) => text === `listening unix:${socket}\n`, TOO_LONG, 'the line');
  const ended = new Promise((resolve) => { child.on('exit', (code) => resolve(code)); });
  child.kill('SIGTERM'); // the tool has become the gateway
  assert.equal(await within(TOO_LONG, ended, () => log), 0);
});

test('systemd finds the units well-formed', { skip: !has('systemd-analyze', '--version') && 'systemd-analyze is not installed' }, (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'handover-units-'));
  t.after(() => rmSync(dir, { recursive: true }));
  mkdirSync(join(dir, '.local/bin'), { recursive: true });
  mkdirSync(join(dir, 'run'), { mode: 0o700 });
  symlinkSync(binary('HANDOVER_BIN'), join(dir, '.local/bin/handover'));
  const files = ['handover.service', 'handover.socket', 'handover-system.service'].map((name) => {
    copyFileSync(join(units, name), join(dir, name));
    return join(dir, name);
  });
  const env = { PATH: process.env.PATH, HOME: dir, XDG_RUNTIME_DIR: join(dir, 'run'), LANG: 'C.UTF-8' };
  // Of the machine's unit only the program is elsewhere here.
  writeFileSync(files[2], readFileSync(files[2], 'utf8').replace('ExecStart=/usr/local', `ExecStart=${dir}/.local`));
  for (const [manager, ...these] of [['--user', files[0], files[1]], ['--system', files[2]]]) {
    const verified = spawnSync('systemd-analyze', [manager, 'verify', ...these], { env, encoding: 'utf8' });
    const own = verified.stderr.split('\n').filter((line) => line.includes('handover')); // others' units are theirs
    assert.deepEqual(own, [], manager);
  }
  const judged = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=20', files[2]], { env, encoding: 'utf8' });
  assert.equal(judged.status, 0, judged.stdout.split('\n').slice(-3).join('\n')); // 2.0 of 10, and less is better
  // In a user namespace root's files belong to nobody, and plugins below them are not trusted: nothing that needs one.
  const needy = /^(Private|ProtectSystem|ProtectHome|ProtectKernel|ProtectControl|ProtectClock|ProtectHostname|ReadWrite|ReadOnly|Capability|AmbientCap)/m;
  assert.doesNotMatch(readFileSync(files[0], 'utf8'), needy);
});
