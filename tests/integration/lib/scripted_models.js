// A model API on loopback that answers as the test says: `reply(request)` gives {status, headers, json or text}, or {events} with the data
// of each server-sent event (an object or '[DONE]'; a gate in between is waited for), which end with their connection where `framing` is 'close'. It takes every key that begins sandbox-key, or
// what `accepts` says.
import { listen, readBody } from './loopback.js';
import { Record } from './record.js';

export async function startScriptedModels(reply, options = {}) {
  const models = new ScriptedModels(reply);
  models.listener = await listen((request, answer) => models.handle(request, answer), options);
  models.base_url = `${models.listener.origin}/v1`;
  return models;
}

class ScriptedModels {
  record = new Record(); // {method, path, headers, text, body, socket, port}, {disconnected}
  accepts = /^Bearer sandbox-key/;

  constructor(reply) {
    this.reply = reply;
  }

  close() {
    return this.listener.close();
  }

  requests(path) {
    return this.record.entries.filter((entry) => entry.method === 'POST' && (!path || entry.path === path));
  }

  async handle(request, answer) {
    const text = (await readBody(request)).toString();
    const entry = {
      method: request.method, path: request.url, headers: { ...request.headers }, text, body: text === '' ? null : JSON.parse(text),
      socket: request.socket, port: request.socket.remotePort,
    };
    answer.on('close', () => {
      if (!answer.writableFinished) this.record.add({ disconnected: true, path: entry.path });
    });
    this.record.add(entry);
    if (!this.accepts.test(entry.headers.authorization ?? '')) {
      return json(answer, 401, { error: { message: 'who are you?', type: 'invalid_request_error', code: 'invalid_api_key', param: null } });
    }
    const made = await this.reply(entry, this.requests(entry.path).length);
    if (made.text !== undefined) return written_out(answer, made.status ?? 200, made.text, made.headers);
    if (!made.events) return json(answer, made.status ?? 200, made.json, made.headers);
    if (made.framing === 'close') answer.useChunkedEncodingByDefault = false;
    answer.writeHead(200, { 'content-type': 'text/event-stream', ...made.headers });
    for (const event of made.events) {
      if (answer.destroyed) return undefined;
      if (event.opened) {
        await Promise.race([event.opened, new Promise((resolve) => { answer.once('close', resolve); })]);
      } else if (event === BREAK) {
        return answer.destroy();
      } else {
        await new Promise((resolve) => { answer.write(written(event), resolve); });
      }
    }
    return answer.end();
  }
}

// The first request gets more than the kernel holds on the way (48 MB), whoever comes after it a word: `reply`, with `sent` events of
// `count` taken so far.
export function flood() {
  const made = { count: 1500, content: 'x'.repeat(32768), sent: 0 };
  function* chunks() {
    const [first, piece, ...rest] = chatChunks([{ content: made.content }]);
    yield first;
    for (; made.sent < made.count; made.sent += 1) yield piece;
    yield* rest;
  }
  let first = true;
  made.reply = () => {
    const events = first ? chunks() : chatChunks([{ content: 'quick' }]);
    first = false;
    return { events };
  };
  return made;
}

// Among the events: the connection breaks here.
export const BREAK = Symbol('break');

function json(answer, status, value, headers = {}) {
  written_out(answer, status, JSON.stringify(value), headers);
}

function written_out(answer, status, text, headers = {}) {
  answer.writeHead(status, { 'content-type': 'application/json', ...headers });
  answer.end(text);
}

function written(event) {
  if (typeof event === 'string') return `data: ${event}\n\n`;
  const name = event.type ? `event: ${event.type}\n` : '';
  return `${name}data: ${JSON.stringify(event)}\n\n`;
}

// Chat Completions.
export function chatAnswer(message, finish_reason = 'stop') {
  return {
    id: 'chatcmpl-scripted', object: 'chat.completion', created: 1700000000, model: 'scripted',
    choices: [{ index: 0, message: { role: 'assistant', content: null, refusal: null, ...message }, finish_reason, logprobs: null }],
    usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
  };
}

export function chatChunks(deltas, finish_reason = 'stop') {
  const chunk = (choices, usage = null) => ({
    id: 'chatcmpl-scripted', object: 'chat.completion.chunk', created: 1700000000, model: 'scripted', choices, usage,
  });
  const choice = (delta, finish = null) => chunk([{ index: 0, delta, finish_reason: finish }]);
  return [
    choice({ role: 'assistant', content: '' }),
    ...deltas.map((delta) => (delta.opened || delta === BREAK ? delta : choice(delta))),
    choice({}, finish_reason),
    chunk([], { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 }),
    '[DONE]',
  ];
}

export function toolCall(id, name, args) {
  return { id, type: 'function', function: { name, arguments: JSON.stringify(args) } };
}

// Responses.
export function responseAnswer(output, more = {}) {
  return {
    id: 'resp_scripted', object: 'response', created_at: 1700000000, status: 'completed', model: 'scripted', error: null,
    incomplete_details: null, output, parallel_tool_calls: true, tool_choice: 'auto', tools: [],
    usage: {
      input_tokens: 7, input_tokens_details: { cached_tokens: 0 }, output_tokens: 3, output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 10,
    },
    ...more,
  };
}

export function messageItem(text) {
  return { id: 'msg_1', type: 'message', role: 'assistant', status: 'completed', content: [{ type: 'output_text', text, annotations: [] }] };
}

export function callItem(call_id, name, args) {
  return { id: `fc_${call_id}`, type: 'function_call', status: 'completed', call_id, name, arguments: JSON.stringify(args) };
}

export function reasoningItem(text) {
  return { id: 'rs_1', type: 'reasoning', status: 'completed', summary: [{ type: 'summary_text', text }], encrypted_content: 'sandbox-thoughts' };
}

// A text as a stream brings it.
export const pieces = (text) => text.match(/[^]{1,7}/g) ?? [];

// The ladder of one item, as the codex backend and the public API both give it.
export function responseEvents(items, { between = [] } = {}) {
  let sequence_number = 0;
  const event = (type, more) => ({ type, sequence_number: sequence_number++, ...more });
  const events = [event('response.created', { response: responseAnswer([], { status: 'in_progress', usage: null }) })];
  items.forEach((item, output_index) => {
    const place = { output_index, item_id: item.id };
    if (item.type === 'message') {
      const [part] = item.content;
      events.push(event('response.output_item.added', { output_index, item: { ...item, status: 'in_progress', content: [] } }));
      events.push(event('response.content_part.added', { ...place, content_index: 0, part: { ...part, text: '' } }));
      for (const delta of part.text.match(/\S+\s*/g) ?? []) {
        events.push(event('response.output_text.delta', { ...place, content_index: 0, delta, logprobs: [] }));
        events.push(...between);
      }
      events.push(event('response.output_text.done', { ...place, content_index: 0, text: part.text, logprobs: [] }));
      events.push(event('response.content_part.done', { ...place, content_index: 0, part }));
    } else if (item.type === 'reasoning') {
      const [part] = item.summary;
      events.push(event('response.output_item.added', { output_index, item: { ...item, summary: [] } }));
      events.push(event('response.reasoning_summary_part.added', { ...place, summary_index: 0, part: { ...part, text: '' } }));
      for (const delta of pieces(part.text)) events.push(event('response.reasoning_summary_text.delta', { ...place, summary_index: 0, delta }));
      events.push(event('response.reasoning_summary_text.done', { ...place, summary_index: 0, text: part.text }));
      events.push(event('response.reasoning_summary_part.done', { ...place, summary_index: 0, part }));
    } else {
      events.push(event('response.output_item.added', { output_index, item: { ...item, status: 'in_progress', arguments: '' } }));
      for (const delta of pieces(item.arguments)) events.push(event('response.function_call_arguments.delta', { ...place, delta }));
      events.push(event('response.function_call_arguments.done', { ...place, arguments: item.arguments, name: item.name }));
    }
    events.push(event('response.output_item.done', { output_index, item }));
  });
  events.push(event('response.completed', { response: responseAnswer(items) }));
  return events;
}
