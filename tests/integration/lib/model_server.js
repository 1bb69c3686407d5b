// A model API on loopback in both dialects, that asks the authority about every bearer. `response` changes what it gives; `record`
// and the counters say what came.
import { listen, readBody } from './loopback.js';
import { Record } from './record.js';

const WORDS = ['The ', 'quick ', 'brown ', 'fox.'];

// `accepts(token)` says whether a bearer is good; it may be asynchronous.
export async function startModelServer({ accepts, response = {} }) {
  const server = new ModelServer(accepts, response);
  server.listener = await listen((request, answer) => server.handle(request, answer));
  server.origin = server.listener.origin;
  server.base_url = `${server.origin}/v1`;
  return server;
}

class ModelServer {
  record = new Record(); // {path, authorization, headers, body, status}, {disconnected}
  in_flight = 0;
  max_in_flight = 0;

  // Response: {status, headers, json} for an answer that is not a stream; `gates`: a gate per word, waited for before the word
  // is sent; `once`: only the next request gets this.
  constructor(accepts, response) {
    this.accepts = accepts;
    this.response = { ...response };
    this.text = WORDS.join('');
  }

  close() {
    return this.listener.close();
  }

  async handle(request, answer) {
    const entry = { path: request.url, method: request.method, headers: { ...request.headers } };
    const body = (await readBody(request)).toString();
    entry.body = body === '' ? null : JSON.parse(body);
    entry.authorization = request.headers.authorization ?? null;
    this.in_flight += 1;
    this.max_in_flight = Math.max(this.max_in_flight, this.in_flight);
    answer.on('close', () => {
      this.in_flight -= 1;
      if (!answer.writableFinished) this.record.add({ disconnected: true, path: entry.path });
    });
    await this.#answer(entry, answer);
  }

  async #answer(entry, answer) {
    const bearer = /^Bearer (.+)$/.exec(entry.authorization ?? '')?.[1];
    const accepted = bearer !== undefined && await this.accepts(bearer);
    const rule = this.response;
    if (rule.once) this.response = {};
    entry.status = accepted ? rule.status ?? 200 : 401;
    this.record.add(entry);
    if (!accepted) return this.#json(answer, 401, { error: { message: 'who are you?', code: 'token_expired' } });
    if (entry.status !== 200) return this.#json(answer, entry.status, rule.json ?? {}, rule.headers);
    if (entry.method === 'GET') return this.#json(answer, 200, { object: 'list', data: [{ id: 'test-model', object: 'model' }] });
    const chat = entry.path.endsWith('/chat/completions');
    if (!entry.body.stream) return this.#json(answer, 200, chat ? chatCompletion(this.text) : finalResponse(this.text));
    answer.writeHead(200, { 'content-type': 'text/event-stream', ...rule.headers });
    return this.#stream(answer, chat ? chatEvents(WORDS) : responseEvents(WORDS), rule.gates ?? []);
  }

  // An event is {text, word}: `word` is the place of the word in it, if it has one.
  async #stream(answer, events, gates) {
    for (const { text, word } of events) {
      if (gates[word]) {
        await Promise.race([gates[word].opened, new Promise((resolve) => { answer.once('close', resolve); })]);
      }
      if (answer.destroyed) return;
      answer.write(text);
    }
    answer.end();
  }

  #json(answer, status, value, headers = {}) {
    answer.writeHead(status, { 'content-type': 'application/json', ...headers });
    answer.end(JSON.stringify(value));
  }
}

function finalResponse(text) {
  return {
    id: 'resp_1', object: 'response', status: 'completed', model: 'test-model',
    output: [{ type: 'message', id: 'msg_1', role: 'assistant', status: 'completed', content: [{ type: 'output_text', text, annotations: [] }] }],
    usage: { input_tokens: 3, output_tokens: 4, total_tokens: 7 },
  };
}

function responseEvents(words) {
  let number = 0;
  const event = (type, more, word) => ({
    text: `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: number++, ...more })}\n\n`, word,
  });
  const response = finalResponse(words.join(''));
  const place = { item_id: 'msg_1', output_index: 0, content_index: 0 };
  return [
    event('response.created', { response: { ...response, status: 'in_progress', output: [] } }),
    ...words.map((delta, word) => event('response.output_text.delta', { ...place, delta }, word)),
    event('response.output_text.done', { ...place, text: words.join('') }),
    event('response.output_item.done', { output_index: 0, item: response.output[0] }),
    event('response.completed', { response }),
  ];
}

function chatCompletion(content) {
  return {
    id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'test-model',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 },
  };
}

function chatEvents(words) {
  const chunk = (delta, finish_reason, word) => ({
    text: `data: ${JSON.stringify({
      id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'test-model',
      choices: [{ index: 0, delta, finish_reason }],
    })}\n\n`,
    word,
  });
  return [
    chunk({ role: 'assistant', content: '' }, null),
    ...words.map((content, word) => chunk({ content }, null, word)),
    chunk({}, 'stop'),
    { text: 'data: [DONE]\n\n' },
  ];
}
