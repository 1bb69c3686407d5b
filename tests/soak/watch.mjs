// What the gateway takes over time, and whether that stays the same.
import { readdirSync, readFileSync } from 'node:fs';

const EVERY = 1000; // ms
const LINES = 10; // while it runs
// The allocator keeps what it got for a peak of its own; a leak of 50 bytes a request would be far beyond this in ten minutes.
const TOLERANCE = { share: 0.05, bytes: 1 << 20 };
const SHORTEST = 300; // s: for two minutes or so the allocator still finds its size
const TICKS = 100; // of CPU time in a second (USER_HZ)

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const megabytes = (bytes) => (bytes / (1 << 20)).toFixed(1);

export class Watch {
  samples = []; // {at, rss, descriptors, cpu}

  constructor(pid, seconds, line) {
    Object.assign(this, { pid, seconds, line });
    this.first = this.sample();
  }

  sample() {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    const member = (name) => Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(status)[1]) * 1024;
    const stat = readFileSync(`/proc/${this.pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
    return {
      at: Date.now(), rss: member('VmRSS'), peak: member('VmHWM'), descriptors: readdirSync(`/proc/${this.pid}/fd`).length,
      cpu: (Number(stat[11]) + Number(stat[12])) / TICKS,
    };
  }

  async run(going) {
    const begun = Date.now();
    while (going()) {
      await new Promise((done) => { setTimeout(done, EVERY); });
      this.samples.push(this.sample());
      if (this.samples.length % Math.max(1, Math.round(this.seconds / LINES)) !== 0) continue;
      const { rss, descriptors } = this.samples.at(-1);
      this.line(`${String(Math.round((Date.now() - begun) / 1000)).padStart(5)} s  ${megabytes(rss).padStart(6)} MiB  ${String(descriptors).padStart(4)} descriptors`);
    }
  }

  #fifth(n) {
    const size = this.samples.length / 5;
    return this.samples.slice(Math.floor(size * n), Math.floor(size * (n + 1)));
  }

  table(last) {
    const row = (name, rss, descriptors) => `${name.padEnd(24)} ${megabytes(rss).padStart(10)} ${String(descriptors).padStart(12)}`;
    const fifth = (n) => [median(this.#fifth(n).map(({ rss }) => rss)), median(this.#fifth(n).map(({ descriptors }) => descriptors))];
    return [
      `${''.padEnd(24)} ${'RSS, MiB'.padStart(10)} ${'descriptors'.padStart(12)}`,
      row('before', this.first.rss, this.first.descriptors),
      ...[0, 1, 2, 3, 4].map((n) => row(`fifth ${n + 1}, median`, ...fifth(n))),
      row('peak', last.peak, Math.max(...this.samples.map(({ descriptors }) => descriptors))),
      row('after', last.rss, last.descriptors),
      `CPU of the gateway: ${((last.cpu - this.first.cpu) / ((last.at - this.first.at) / 1000) * 100).toFixed(0)} % of one`,
    ];
  }

  verdicts(last) {
    const second = median(this.#fifth(1).map(({ rss }) => rss));
    const end = median(this.#fifth(4).map(({ rss }) => rss));
    const most = second + Math.max(second * TOLERANCE.share, TOLERANCE.bytes);
    const memory = this.seconds < SHORTEST ? [] : [
      { name: 'memory flat', good: end <= most, text: `${megabytes(second)} MiB in the second fifth, ${megabytes(end)} in the last, at most ${megabytes(most)}` },
    ];
    return [
      ...memory,
      { name: 'descriptors back', good: last.descriptors <= this.first.descriptors, text: `${this.first.descriptors} before, ${last.descriptors} after` },
    ];
  }
}

// A page of /metrics.
export function counters(text) {
  const rows = [...text.matchAll(/^(\w+)(?:\{([^}]*)\})? (\S+)$/gm)].map(([, name, labels = '', value]) => ({
    name, value: Number(value), labels: Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, word]) => [key, word])),
  }));
  return {
    sum: (name, wanted = {}) => rows.filter((row) => row.name === name && Object.entries(wanted).every(([key, word]) => row.labels[key] === word))
      .reduce((sum, { value }) => sum + value, 0),
  };
}
