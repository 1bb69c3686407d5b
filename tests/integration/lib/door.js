// A way to a server on loopback that can be shut, as when that server is down, or be silent, as when it hangs.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

import { Record } from './record.js';

export class Door {
  record = new Record(); // {passed} or {held} for each connection
  #sockets = new Set();
  #held = new Set();
  #silent = false;

  static async to(port) {
    const door = new Door();
    door.target = port;
    await door.#listen(0);
    door.port = door.server.address().port;
    return door;
  }

  async #listen(port) {
    this.server = createServer((socket) => this.#admit(socket));
    this.server.listen(port, '127.0.0.1');
    await once(this.server, 'listening');
  }

  #admit(socket) {
    this.#keep(socket);
    this.record.add(this.#silent ? { held: true } : { passed: true });
    if (this.#silent) this.#held.add(socket.pause());
    else this.#pass(socket);
  }

  #keep(socket) {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => { this.#sockets.delete(socket); this.#held.delete(socket); });
  }

  #pass(socket) {
    const other = connect(this.target, '127.0.0.1');
    this.#keep(other);
    socket.pipe(other).pipe(socket);
    socket.on('close', () => other.destroy());
    other.on('close', () => socket.destroy());
  }

  // Connections are refused.
  async shut() {
    this.server.close();
    this.cut();
    await once(this.server, 'close');
  }

  // Connections are accepted, and nothing comes.
  silence() {
    this.#silent = true;
  }

  // Everything passes, what was held as well.
  async open() {
    this.#silent = false;
    if (!this.server.listening) await this.#listen(this.port);
    for (const socket of this.#held) this.#pass(socket);
    this.#held.clear();
  }

  // Ends every connection there is.
  cut() {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close() {
    if (this.server.listening) await this.shut();
  }
}
