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

  // The whole body of the one answer that was asked for.
  async body() {
    await this.when(() => wholeBody(this.received) !== undefined, 'a whole body');
    return wholeBody(this.received);
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

// The body of the one answer in `received`, chunked or of a length; undefined until all of it is there.
function wholeBody(received) {
  const start = received.indexOf('\r\n\r\n') + 4;
  if (start < 4) return undefined;
  const rest = received.slice(start);
  const length = /\r\ncontent-length: *(\d+)\r\n/i.exec(received.slice(0, start));
  if (length) return rest.length < Number(length[1]) ? undefined : rest.slice(0, Number(length[1]));
  return unchunked(rest);
}

function unchunked(rest) {
  let body = '';
  for (let at = 0; ;) {
    const end = rest.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const line = rest.slice(at, end);
    if (!/^[0-9a-f]+$/.test(line)) throw new Error(`not a chunk: ${JSON.stringify(rest.slice(at))}`);
    const size = parseInt(line, 16);
    at = end + 2 + size;
    if (rest.length < at + 2) return undefined;
    if (rest.slice(at, at + 2) !== '\r\n') throw new Error(`a chunk that is cut: ${JSON.stringify(rest.slice(end))}`);
    if (size === 0) return body;
    body += rest.slice(end + 2, at);
    at += 2;
  }
}
