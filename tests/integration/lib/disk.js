// Disks that are full.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';

// A file system of 1 MB at `folder`, or the reason why there is none.
export function smallDisk(home, folder) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0700', 'tmpfs', folder], { encoding: 'utf8' });
  if (mounted.status !== 0) return `cannot mount a tmpfs here: ${mounted.stderr ?? mounted.error}`;
  home.undo.push(() => spawnSync('umount', ['-l', folder]));
  return '';
}

export function fill(folder) {
  try {
    for (let n = 0; n < 512; n += 1) writeFileSync(`${folder}/filler-${n}`, Buffer.alloc(4096, 1));
  } catch (error) {
    assert.equal(error.code, 'ENOSPC');
  }
}
