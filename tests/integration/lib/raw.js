// A connection of raw bytes to a gateway: what came, and whether the other side has ended it.
import { connect } from 'node:net';

import { within } from './record.js';

const TOO_LONG = 30000; // ms

export class Raw {
  received = '';
  ended = false;

  // A gateway, or the path of its Unix socket.
  constructor(gateway) {
    const { hostname, port, path } = typeof gateway === 'string' ? { path: gateway } : new URL(gateway.url);
    this.socket = path ? connect(path) : connect(Number(port), hostname);
    this.socket.setEncoding('latin1');
    this.watchers = new Set();
    const look = () => { for (const watcher of [...this.watchers]) watcher(); };
    this.socket.on('data', (text) => { this.received += text; look(); });
    for (const name of ['end', 'close', 'error']) this.socket.on(name, () => { this.ended = true; look(); });
  }

  write(text) {
    if (!this.socket.destroyed) this.socket.write(text, 'latin1');
    return this;
  }

  when(condition, what) {
    const met = new Promise((resolve) => {
      const look = () => {
        if (!condition()) return;
        this.watchers.delete(look);
        resolve(this);
      };
      this.watchers.add(look);
      look();
    });
    return within(TOO_LONG, met, () => `${what}; received: ${JSON.stringify(this.received)}`);
  }

  until(pattern) {
    return this.when(() => pattern.test(this.received), String(pattern));
  }

  async end() {
    await this.when(() => this.ended, 'the end');
    this.socket.destroy();
    return this;
  }

  statuses() {
    return [...this.received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
  }
}

// Gone with the test.
export function raw(t, gateway, text = '') {
  const made = new Raw(gateway);
  t.after(() => made.socket.destroy());
  return made.write(text);
}

// The bytes of a POST with the gateway's key.
export function post(gateway, path, body) {
  const text = JSON.stringify(body);
  return `POST ${path} HTTP/1.1\r\nHost: localhost\r\nx-api-key: ${gateway.key}\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

// The body of a chunked answer, without what holds it together; an error where it is cut short.
export function unchunked(received) {
  let rest = received.slice(received.indexOf('\r\n\r\n') + 4);
  let body = '';
  for (;;) {
    const line = /^([0-9a-f]+)\r\n/.exec(rest);
    if (!line) throw new Error(`no chunk: ${JSON.stringify(rest)}`);
    const size = parseInt(line[1], 16);
    const end = line[0].length + size;
    if (rest.slice(end, end + 2) !== '\r\n') throw new Error(`a chunk that is cut: ${JSON.stringify(rest)}`);
    if (size === 0) return body;
    body += rest.slice(line[0].length, end);
    rest = rest.slice(end + 2);
  }
}
