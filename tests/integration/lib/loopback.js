// A server on 127.0.0.1 and a port of the kernel's choice, that can be closed with everything that hangs on it.
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { once } from 'node:events';
import { createServer as createTcpServer } from 'node:net';

// `tls`: {key, cert, ...} of a server that speaks nothing else.
export async function listen(handler, { tls } = {}) {
  const handle = (request, response) => {
    handler(request, response).catch((error) => {
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' });
      response.end(`test server: ${error.stack}`);
    });
  };
  const server = tls ? createSecureServer(tls, handle) : createServer(handle);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  return {
    server,
    port,
    origin: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

// A port on which nobody listens: a connection is refused.
export async function deadPort() {
  const held = await occupiedPort();
  await held.close();
  return held.port;
}

// A port that somebody holds on 127.0.0.1 until `close`.
export async function occupiedPort() {
  const server = createTcpServer((socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: server.address().port,
    async close() {
      server.close();
      await once(server, 'close');
    },
  };
}

export async function readBody(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
