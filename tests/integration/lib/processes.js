// The processes that carry out refreshes for a home. They belong to no run: each is in a session of its own and may outlive its caller.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

import { within } from './record.js';

const AGAIN = 5; // ms; the kernel tells nobody but a parent that a process has ended

// Their ids. The programs of a test run in the home's folder, which tells them from those of other tests.
export function refreshChildren(home) {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return words[1] === '__refresh' && readlinkSync(`/proc/${pid}/cwd`) === home.dir;
    } catch {
      return false; // ended meanwhile, or a zombie
    }
  }).map(Number);
}

export async function refreshChild(home, milliseconds = 20000) {
  const [pid] = await eventually(() => refreshChildren(home), (pids) => pids.length > 0, milliseconds, 'a process that refreshes');
  return pid;
}

export function noRefreshChild(home, milliseconds = 60000) {
  return eventually(() => refreshChildren(home), (pids) => pids.length === 0, milliseconds, 'the end of what refreshes');
}

// What `look` gives once it is `enough`.
export async function eventually(look, enough, milliseconds, what) {
  let over = false;
  const found = (async () => {
    for (;;) {
      const seen = await look();
      if (over || enough(seen)) return seen;
      await new Promise((resolve) => { setTimeout(resolve, AGAIN); });
    }
  })();
  try {
    return await within(milliseconds, found, what);
  } finally {
    over = true;
  }
}

// The process that started another, or 1 once that one has ended.
export function parentOf(pid) {
  return Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
}

// What a process has open: descriptor -> name.
export function openFiles(pid) {
  return Object.fromEntries(readdirSync(`/proc/${pid}/fd`).map((fd) => [fd, readlinkSync(`/proc/${pid}/fd/${fd}`)]));
}

export function runs(pid) {
  try {
    return !/^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
