// A model API for batches: answers each line with its own words and keeps how often it saw each. No authority behind it: any key is
// good that begins `sandbox-`.
import { listen, readBody } from './loopback.js';

export async function startLineServer() {
  const server = new LineServer();
  server.listener = await listen((request, answer) => server.handle(request, answer));
  server.base_url = `${server.listener.origin}/v1`;
  return server;
}

class LineServer {
  seen = new Map(); // words -> times
  requests = 0;
  in_flight = 0;
  max_in_flight = 0;
  delay = 0; // ms

  // What some words get in place of an answer: {status, json, headers}; `once`: the first time only.
  special = new Map();
  // Called with each request's words; what it returns is waited for.
  arrived = () => {};

  close() {
    return this.listener.close();
  }

  async handle(request, answer) {
    const body = JSON.parse((await readBody(request)).toString());
    const chat = request.url.endsWith('/chat/completions');
    const words = chat ? body.messages.at(-1).content : body.input;
    this.requests += 1;
    this.seen.set(words, (this.seen.get(words) ?? 0) + 1);
    this.in_flight += 1;
    this.max_in_flight = Math.max(this.max_in_flight, this.in_flight);
    answer.on('close', () => { this.in_flight -= 1; });
    await this.arrived(words, body);
    if (this.delay) await new Promise((resolve) => { setTimeout(resolve, this.delay); });
    const rule = this.special.get(words);
    if (rule?.once) this.special.delete(words);
    const status = rule?.status ?? 200;
    answer.writeHead(status, { 'content-type': 'application/json', 'x-request-id': `req-${words}`, ...rule?.headers });
    answer.end(JSON.stringify(rule?.json ?? (chat ? completion(words) : response(words))));
  }
}

function response(text) {
  return {
    id: 'resp_1', object: 'response', status: 'completed',
    output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text }] }],
  };
}

function completion(content) {
  return { id: 'chatcmpl-1', object: 'chat.completion', choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }] };
}
