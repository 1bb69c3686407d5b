// A page of Prometheus' text format, read strictly: what a scraper would refuse fails here.
import assert from 'node:assert/strict';

import { eventually } from './processes.js';

const LONG = 60000; // ms, for what has no event to wait for

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/gy;

function labelsOf(text, line) {
  const labels = {};
  let end = 0;
  for (const [whole, name, value] of text.matchAll(LABEL)) {
    assert.ok(!(name in labels), `${name} twice: ${line}`);
    labels[name] = value.replace(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c));
    end += whole.length;
  }
  assert.equal(end, text.length, `labels: ${line}`);
  return labels;
}

export class Page {
  families = new Map(); // name -> {type, help, samples: [{name, labels, value}]}

  constructor(text) {
    assert.ok(text.endsWith('\n'), 'the last line ends');
    let family;
    const seen = new Set();
    for (const line of text.slice(0, -1).split('\n')) {
      const [, comment, name, rest] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
      if (comment === 'HELP') {
        assert.ok(!this.families.has(name), `one family in one place: ${line}`);
        family = { name, help: rest, samples: [] };
        this.families.set(name, family);
      } else if (comment === 'TYPE') {
        assert.equal(name, family.name, line);
        assert.ok(['counter', 'gauge', 'histogram'].includes(rest), line);
        family.type = rest;
      } else {
        const match = SAMPLE.exec(line);
        assert.ok(match, line);
        const own = family.type === 'histogram' ? /^(.*)_(?:bucket|sum|count)$/.exec(match[1])?.[1] : match[1];
        assert.equal(own, family.name, line);
        if (family.type === 'counter') assert.match(family.name, /_total$/, line);
        const series = match[1] + JSON.stringify(Object.entries(labelsOf(match[2] ?? '', line)).sort());
        assert.ok(!seen.has(series), `twice: ${line}`);
        seen.add(series);
        const value = Number(match[3]);
        assert.ok(Number.isFinite(value), line);
        family.samples.push({ name: match[1], labels: labelsOf(match[2] ?? '', line), value });
      }
    }
    for (const one of this.families.values()) {
      assert.ok(one.help && one.type, one.name);
      if (one.type === 'histogram') this.#checkHistogram(one);
    }
  }

  // Buckets grow, the last is +Inf, and it holds them all.
  #checkHistogram({ name, samples }) {
    const key = ({ le, ...labels }) => JSON.stringify(labels);
    for (const count of samples.filter((sample) => sample.name === `${name}_count`)) {
      const own = samples.filter((sample) => key(sample.labels) === key(count.labels));
      const buckets = own.filter((sample) => sample.name === `${name}_bucket`);
      const bounds = buckets.map(({ labels }) => (labels.le === '+Inf' ? Infinity : Number(labels.le)));
      bounds.reduce((a, b) => { assert.ok(a < b, `${name}: bounds ${bounds}`); return b; });
      buckets.reduce((a, b) => { assert.ok(a.value <= b.value, `${name} is cumulative`); return b; });
      assert.equal(bounds.at(-1), Infinity, name);
      assert.equal(buckets.at(-1).value, count.value, name);
      assert.equal(own.filter((sample) => sample.name === `${name}_sum`).length, 1, name);
      assert.equal(own.length, buckets.length + 2, name);
    }
  }

  // {'label values in their order, joined by spaces': value}; of histograms the counts.
  of(name) {
    const family = this.families.get(name);
    assert.ok(family, `no ${name}`);
    const wanted = family.type === 'histogram' ? `${name}_count` : name;
    return Object.fromEntries(family.samples.filter((sample) => sample.name === wanted)
      .map(({ labels, value }) => [Object.values(labels).join(' '), value]));
  }

  value(name) {
    return this.of(name)[''];
  }

  sum(name, labels = {}) {
    return this.families.get(name).samples.find((sample) => sample.name === `${name}_sum`
      && JSON.stringify(sample.labels) === JSON.stringify(labels)).value;
  }
}

export async function scrape(gateway, options = {}) {
  const answer = await gateway.fetch('/metrics', options);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  return new Page(await answer.text());
}

// A request is counted once its answer has been sent, so whoever has the answer may still be a moment early.
export async function counted(gateway, enough, what) {
  return eventually(() => scrape(gateway), enough, LONG, what);
}
