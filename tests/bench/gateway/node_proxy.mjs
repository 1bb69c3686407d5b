// The small proxy that people write themselves: node_proxy.mjs PORT UPSTREAM_PORT.
import { Agent, createServer, request } from 'node:http';

const [port, upstream] = process.argv.slice(2).map(Number);
const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
createServer((incoming, outgoing) => {
  const headers = { ...incoming.headers, authorization: 'Bearer sandbox-key-bench' };
  delete headers.host;
  delete headers.connection;
  const forward = request({ host: '127.0.0.1', port: upstream, method: incoming.method, path: incoming.url, headers, agent }, (answer) => {
    outgoing.writeHead(answer.statusCode, answer.headers);
    answer.pipe(outgoing);
  });
  forward.on('error', () => outgoing.destroy());
  outgoing.on('close', () => {
    if (!outgoing.writableFinished) forward.destroy();
  });
  incoming.pipe(forward);
}).listen(port, '127.0.0.1', 4096);
