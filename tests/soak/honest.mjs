// Clients that do as they should: every answer is read to its end and has to be their own.
import { Agent, request } from 'node:http';

import { Raw, post } from '../integration/lib/raw.js';

const WORDS = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta'];
const PATHS = { responses: '/v1/responses', chat_completions: '/v1/chat/completions' };
const PIPELINED = 6;

const pause = (milliseconds) => new Promise((done) => { setTimeout(done, milliseconds); });

function bodyOf(dialect, model, text, stream) {
  return dialect === 'responses' ? { model, input: text, stream } : { model, messages: [{ role: 'user', content: text }], stream };
}

function wholeText(dialect, text) {
  const answer = JSON.parse(text);
  return dialect === 'responses' ? answer.output.at(-1).content[0].text : answer.choices[0].message.content;
}

function streamedText(dialect, text) {
  const events = text.split('\n\n').flatMap((event) => /^data: (\{.*)$/m.exec(event)?.[1] ?? []).map((data) => JSON.parse(data));
  if (dialect === 'responses') {
    if (events.at(-1)?.type !== 'response.completed') throw new Error(`the stream ends with ${JSON.stringify(events.at(-1))}`);
    return events.filter((event) => event.type === 'response.output_text.delta').map((event) => event.delta).join('');
  }
  if (!text.includes('data: [DONE]')) throw new Error(`the stream ends with ${JSON.stringify(events.at(-1))}`);
  return events.map((event) => event.choices[0]?.delta?.content ?? '').join('');
}

class HonestCrowd {
  sent = 0;
  good = 0;
  generated = 0; // of those, answers of models
  wrong = [];
  #number = 0;

  constructor(gateway, going) {
    Object.assign(this, { gateway, going });
    const { hostname, port } = new URL(gateway.url);
    this.place = { hostname, port, headers: { authorization: `Bearer ${gateway.key}` } };
    const ask = (dialect, provider, stream, rest) => ({ rest, ask: (agent) => this.#ask(agent, dialect, provider, stream) });
    this.kinds = [
      ask('chat_completions', 'chat', false, 20), ask('chat_completions', 'chat', false, 50), // ms between two requests
      ask('chat_completions', 'chat', true, 20), ask('responses', 'answers', true, 20), ask('responses', 'answers', false, 20),
      ask('responses', 'chat', true, 20), ask('responses', 'chat', false, 50), ask('responses', 'chat', true, 200),
      ask('chat_completions', 'answers', true, 20), ask('chat_completions', 'answers', false, 50), ask('chat_completions', 'answers', true, 200),
      ask('responses', 'codex', true, 50), ask('chat_completions', 'codex', false, 50), // one subscription, in line
      { rest: 500, ask: (agent) => this.#models(agent) },
      { rest: 100, ask: () => this.#pipeline() },
    ];
  }

  // Each kind of request once.
  async once() {
    await Promise.all(this.kinds.map((kind) => kind.ask(undefined)));
  }

  async run() {
    await Promise.all(this.kinds.map(async (kind) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      while (this.going()) {
        await kind.ask(agent);
        await pause(kind.rest);
      }
      agent.destroy();
    }));
  }

  #text() {
    this.#number += 1;
    return `${this.#number} ${WORDS.slice(0, 1 + (this.#number % WORDS.length)).join(' ')} end`;
  }

  // `judge` gets status and text, and throws where they are wrong.
  async #counted(what, answers, make) {
    this.sent += answers;
    try {
      await make();
      this.good += answers;
    } catch (error) {
      this.wrong.push(`${new Date().toISOString()} ${what}: ${error.message}`);
    }
  }

  #exchange(agent, method, path, body) {
    return new Promise((resolve, reject) => {
      const headers = { ...this.place.headers, ...(body ? { 'content-type': 'application/json' } : {}) };
      const outgoing = request({ ...this.place, agent, method, path, headers }, (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (piece) => { text += piece; });
        answer.on('end', () => resolve({ status: answer.statusCode, text }));
        answer.on('error', reject);
      });
      outgoing.on('error', reject);
      outgoing.end(body && JSON.stringify(body));
    });
  }

  #ask(agent, dialect, provider, stream) {
    return this.#counted(`${dialect} from ${provider}, ${stream ? 'a stream' : 'whole'}`, 1, async () => {
      const text = this.#text();
      const answer = await this.#exchange(agent, 'POST', PATHS[dialect], bodyOf(dialect, `${provider}/sandbox-large`, text, stream));
      if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
      const said = (stream ? streamedText : wholeText)(dialect, answer.text);
      if (said !== `You said: ${text}`) throw new Error(`asked "${text}", got "${said}"`);
      this.generated += 1;
    });
  }

  #models(agent) {
    return this.#counted('models', 1, async () => {
      const answer = await this.#exchange(agent, 'GET', '/v1/models');
      if (answer.status !== 200 || !JSON.parse(answer.text).data.some(({ id }) => id === 'answers/sandbox-large')) throw new Error(`${answer.status} ${answer.text}`);
    });
  }

  // Several at once on one connection; the answers come in their order.
  #pipeline() {
    return this.#counted('a pipeline', PIPELINED, async () => {
      const texts = Array.from({ length: PIPELINED }, () => this.#text());
      const connection = new Raw(this.gateway);
      connection.write(texts.map((text) => post(this.gateway, PATHS.chat_completions, bodyOf('chat_completions', 'chat/sandbox-large', text, false))).join(''));
      const answers = () => [...connection.received.matchAll(/"content":"You said: ([^"]*)"/g)].map(([, text]) => text);
      try {
        await connection.when(() => answers().length === PIPELINED || connection.ended, 'the answers');
      } finally {
        connection.socket.destroy();
      }
      if (answers().join() !== texts.join()) throw new Error(connection.received);
      this.generated += PIPELINED;
    });
  }
}

export const honestCrowd = (gateway, going) => new HonestCrowd(gateway, going);
