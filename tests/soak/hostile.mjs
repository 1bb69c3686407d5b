// Clients as nobody wants them. They count what they do and expect nothing but that their connection ends some day.
import { connect } from 'node:net';

import { post, Raw } from '../integration/lib/raw.js';

const LONG = Array.from({ length: 400 }, (_, n) => `word${n}`).join(' ');
const FLOOD = Array.from({ length: 20000 }, (_, n) => `word${n}`).join(' '); // some megabytes of events
const STALLED = 4000; // ms; longer than stall_timeout
const LIMIT = 20000; // ms; every limit of the gateway's is shorter

const pause = (milliseconds) => new Promise((done) => { setTimeout(done, milliseconds); });
const chat = (model, text, stream = true) => ({ model, messages: [{ role: 'user', content: text }], stream });
const random = (limit) => Math.floor(Math.random() * limit);
const noise = (size) => String.fromCharCode(...Array.from({ length: size }, () => random(256)));

const HEAD = 'POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n';
const GARBAGE = [
  () => noise(1 + random(2000)),
  () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' + noise(300),
  () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0',
  () => `GET /${'x'.repeat(20000)} HTTP/1.1\r\n`,
  () => `GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(500)}\r\n`,
  () => `${HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  () => `${HEAD}Content-Length: 99999999999999999999\r\n\r\n`,
  () => `${HEAD}Transfer-Encoding: chunked\r\n\r\n5;${'x'.repeat(50000)}\r\nabcde\r\n0\r\n\r\n`,
  () => `${HEAD}x-api-key: wrong\r\nContent-Length: 2\r\n\r\n{}`,
  () => 'GET http://elsewhere/ HTTP/1.1\r\nHost: elsewhere\r\n\r\n',
];

class HostileCrowd {
  done = {};
  may_vanish = 0; // requests whose client may have been gone before their end

  constructor(gateway, going) {
    Object.assign(this, { gateway, going });
    // What they do, how many at a time, and how long each rests in between, ms.
    this.kinds = [
      ['vanish', 4, 50, () => this.#vanish()],
      ['vanish in line', 1, 300, () => this.#vanish('codex/sandbox-large')],
      ['stall', 2, 500, () => this.#stall()],
      ['slow reader', 1, 500, () => this.#readSlowly()],
      ['broken upstream', 2, 100, () => this.#break()],
      ['garbage', 2, 50, () => this.#garbage()],
      ['half a request', 4, 100, () => this.#half()],
      ['a byte now and then', 2, 100, () => this.#drip()],
      ['reconnect', 2, 20, () => this.#reconnect()],
      ['idle', 5, 100, () => this.#idle()],
      ['wrong key', 1, 100, () => this.#strange()],
    ];
  }

  async run() {
    await Promise.all(this.kinds.flatMap(([name, many, rest, act]) => Array.from({ length: many }, async () => {
      while (this.going()) {
        await act();
        this.done[name] = (this.done[name] ?? 0) + 1;
        await pause(rest);
      }
    })));
  }

  summary() {
    return Object.entries(this.done).map(([name, count]) => `${name} ${count}`).join(', ');
  }

  #leave(socket) {
    socket[['destroy', 'resetAndDestroy', 'end'][random(3)]]();
    if (!socket.destroyed) setTimeout(() => socket.destroy(), 100);
  }

  // Once its end is there, or never mind.
  async #end(connection) {
    await connection.when(() => connection.ended, 'the end').catch(() => {});
    connection.socket.destroy();
  }

  async #vanish(model = ['chat/sandbox-large', 'answers/sandbox-large'][random(2)]) {
    this.may_vanish += 1;
    const connection = new Raw(this.gateway).write(post(this.gateway, '/v1/chat/completions', chat(model, LONG)));
    await pause(random(300)); // somewhere: before the head, in its stream, in line
    this.#leave(connection.socket);
  }

  // Asks for megabytes and takes nothing, until it is cut off or leaves.
  async #stall() {
    this.may_vanish += 1;
    const { hostname, port } = new URL(this.gateway.url);
    const socket = connect(Number(port), hostname).on('error', () => {});
    socket.pause();
    socket.write(post(this.gateway, '/v1/chat/completions', chat('flood/sandbox-large', FLOOD)));
    await pause(random(STALLED * 2));
    this.#leave(socket);
  }

  async #readSlowly() {
    this.may_vanish += 1;
    const { hostname, port } = new URL(this.gateway.url);
    const socket = connect(Number(port), hostname).on('error', () => {});
    let bytes = 0;
    socket.on('data', (piece) => {
      bytes += piece.length;
      socket.pause();
      setTimeout(() => socket.resume(), 5);
    });
    socket.write(post(this.gateway, '/v1/chat/completions', chat('flood/sandbox-large', FLOOD)));
    await pause(3000);
    this.done['megabytes read slowly'] = Math.round(((this.done['megabytes read slowly'] ?? 0) + bytes / 1e6) * 10) / 10;
    socket.destroy();
  }

  async #break() {
    const connection = new Raw(this.gateway).write(post(this.gateway, '/v1/chat/completions', chat('broken/sandbox-large', 'one two three four five six')));
    await connection.when(() => connection.ended || connection.received.endsWith('0\r\n\r\n'), 'an error').catch(() => {});
    if (!connection.received.includes('data: {"error"')) this.done['broken stream without an error'] = (this.done['broken stream without an error'] ?? 0) + 1;
    connection.socket.destroy();
  }

  async #garbage() {
    await this.#end(new Raw(this.gateway).write(GARBAGE[random(GARBAGE.length)]()));
  }

  async #half() {
    this.may_vanish += 1;
    const whole = post(this.gateway, '/v1/chat/completions', chat('chat/sandbox-large', LONG, false));
    const connection = new Raw(this.gateway).write(whole.slice(0, random(whole.length)));
    if (random(2) === 0) return this.#end(connection); // the gateway loses its patience
    await pause(random(1000));
    return this.#leave(connection.socket);
  }

  async #drip() {
    const connection = new Raw(this.gateway).write('GET /healthz HTTP/1.1\r\n');
    const tap = setInterval(() => connection.write('X'), 100);
    await this.#end(connection);
    clearInterval(tap);
  }

  async #reconnect() {
    const { hostname, port } = new URL(this.gateway.url);
    for (let n = 0; n < 10; n += 1) {
      const socket = connect(Number(port), hostname).on('error', () => {});
      await new Promise((done) => { socket.once('connect', done).once('close', done); });
      this.#leave(socket);
    }
  }

  async #idle() {
    const connection = new Raw(this.gateway);
    if (random(2) === 0) connection.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await pause(random(LIMIT / 2));
    connection.socket.destroy();
  }

  async #strange() {
    await this.#end(new Raw(this.gateway).write(`${HEAD}Authorization: Bearer hok_wrong\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`));
  }
}

export const hostileCrowd = (gateway, going) => new HostileCrowd(gateway, going);
