// What /metrics counts: real traffic, and exactly what it comes to.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';

import { Gateway, keyed } from './lib/gateway.js';
import { Home, toml } from './lib/handover.js';
import { deadPort } from './lib/loopback.js';
import { counted, Page, scrape } from './lib/metrics.js';
import { eventually } from './lib/processes.js';
import { gate } from './lib/record.js';
import { login, succeeded } from './lib/scene.js';
import { chatAnswer, chatChunks, startScriptedModels } from './lib/scripted_models.js';
import { startWorld } from './lib/world.js';

const KEY = 'sandbox-key-metrics';
const LONG = 60000; // ms, for what has no event to wait for

// One request on a connection of its own: {status, text}.
function single(gateway, path, body, headers = { 'x-api-key': gateway.key }) {
  return new Promise((resolve, reject) => {
    const sent = request(`${gateway.url}${path}`, { method: body === undefined ? 'GET' : 'POST', agent: false, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece) => { text += piece; });
      answer.on('end', () => resolve({ status: answer.statusCode, text }));
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

test('every counter, gauge and histogram counts what it says, and a scraper can read it', async (t) => {
  const held = gate();
  let overloaded = 1;
  const models = await startScriptedModels(({ method, body, path }) => {
    if (method === 'GET') return { json: { object: 'list', data: [{ id: 'm', object: 'model', created: 1, owned_by: 'x' }] } };
    if (path.endsWith('/embeddings')) {
      return { json: { object: 'list', data: [], model: 'e', usage: { prompt_tokens: 5, total_tokens: 5 } } };
    }
    const [{ content }] = body.messages;
    if (content === 'wrong') return { status: 400, json: { error: { message: 'no', type: 'invalid_request_error', code: 'invalid_value', param: null } } };
    if (content === 'overloaded' && overloaded > 0) {
      overloaded -= 1;
      return { status: 503, headers: { 'retry-after': '0' }, json: { error: { message: 'busy', type: 'server_error', code: null, param: null } } };
    }
    if (content === 'held') return { events: chatChunks([{ content: 'a' }, held, { content: 'b' }]) };
    const answer = chatAnswer({ content: 'hello' });
    if (content === 'cached') answer.usage.prompt_tokens_details = { cached_tokens: 4 };
    return { json: answer };
  });
  const world = await startWorld('sandbox');
  const dead = await deadPort();
  const home = new Home({
    config: toml({
      '': { default_provider: 'mine' },
      http: { max_retries: 1 },
      ...keyed('mine', models.base_url, ['chat_completions', 'embeddings']),
      ...keyed('down', `http://127.0.0.1:${dead}/v1`, ['chat_completions']),
      'models.either': { provider: 'down', model: 'm', fallback: ['mine/m'] },
      ...world.codexTables(),
    }),
    environment: { GATEWAY_TEST_KEY: KEY },
  });
  home.secrets.add(KEY);
  home.watchSecrets(world.secrets);
  t.after(async () => {
    held.open();
    await home.close();
    await models.close();
    await world.close();
  });
  succeeded((await login(home, 'codex')).run);
  const gateway = await Gateway.start(home);
  let sent = 0;
  const ask = async (path, body, headers) => {
    sent += 1;
    return single(gateway, path, body, headers);
  };
  const chat = (content, more = {}) => ask('/v1/chat/completions', { model: 'm', messages: [{ role: 'user', content }], ...more });
  const look = async () => new Page((await ask('/metrics')).text);
  const settled = (holds, what) => eventually(look, holds, LONG, what);
  const statusOf = async (asked) => (await asked).status;

  const start = await look();
  assert.deepEqual([start.value('handover_in_flight_requests'), start.value('handover_queued_requests')], [1, 0]); // the scrape itself
  assert.deepEqual(start.of('handover_upstream_seconds'), {});

  // Answered, refused by the upstream, repeated, handed on.
  assert.equal(await statusOf(chat('one')), 200);
  assert.equal(await statusOf(chat('cached')), 200);
  assert.equal(await statusOf(chat('wrong')), 400);
  assert.equal(await statusOf(chat('overloaded')), 200);
  assert.equal(await statusOf(chat('x', { model: 'either' })), 200);
  assert.equal(await statusOf(ask('/v1/embeddings', { model: 'e', input: 'x' })), 200);
  assert.equal(await statusOf(ask('/v1/models')), 200);
  assert.equal(await statusOf(ask('/healthz')), 200);
  // The subscription, with a token that the backend has forgotten.
  const whole = await ask('/v1/responses', { model: 'codex/sandbox-large', input: 'hi there' });
  assert.equal(whole.status, 200);
  const { usage } = JSON.parse(whole.text);
  await world.fault('access_token_forgotten');
  assert.equal(await statusOf(ask('/v1/responses', { model: 'codex/sandbox-large', input: 'hi there', stream: true })), 200);
  home.keepSecrets();
  // Refused by the front.
  assert.equal(await statusOf(ask('/v1/models', undefined, {})), 401);
  assert.equal(await statusOf(ask('/nowhere')), 404);
  assert.equal(await statusOf(ask('/v1/chat/completions')), 405);

  // A stream that is open, and then left.
  const open = request(`${gateway.url}/v1/chat/completions`, { method: 'POST', agent: false, headers: { 'x-api-key': gateway.key } });
  sent += 1;
  open.on('error', () => {});
  open.end(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'held' }], stream: true }));
  const answer = await new Promise((resolve) => { open.on('response', resolve); });
  answer.on('error', () => {});
  await new Promise((resolve) => { answer.once('data', resolve); });
  const during = await settled((page) => page.value('handover_connections') === 2, 'the open stream and the scrape');
  assert.equal(during.value('handover_in_flight_requests'), 2);
  assert.equal(during.value('handover_client_gone_total'), 0);
  open.destroy();
  const page = await settled((seen) => seen.value('handover_client_gone_total') === 1 && seen.value('handover_connections') === 1, 'the end of it');

  const requests = page.of('handover_requests_total');
  delete requests['- - 200']; // /healthz, and as many scrapes as it took
  assert.deepEqual(requests, {
    '- - 401': 1, '- - 404': 1, '- - 405': 1, '- models 200': 1,
    'codex responses 200': 2,
    'mine chat_completions 200': 5, 'mine chat_completions 400': 1, 'mine embeddings 200': 1,
  });
  assert.equal(page.value('handover_refused_total'), 3);
  assert.equal(page.value('handover_in_flight_requests'), 1);
  assert.equal(page.value('handover_connections_total'), sent);
  assert.deepEqual(page.of('handover_tokens_total'), {
    'codex input': 2 * usage.input_tokens, 'codex output': 2 * usage.output_tokens,
    'mine cached': 4, 'mine input': 4 * 7 + 5, 'mine output': 4 * 3,
  });
  assert.deepEqual(page.of('handover_refreshes_total'), { 'codex ok': 1 });
  assert.deepEqual(page.of('handover_fallbacks_total'), { down: 1 });
  assert.deepEqual(page.of('handover_retries_total'), { mine: 1 });
  assert.deepEqual(page.of('handover_lease_wait_seconds'), { codex: 2 });
  assert.deepEqual(page.of('handover_upstream_seconds'), { codex: 2, mine: 7 });
  assert.equal(page.value('handover_added_seconds'), 9);
  assert.ok(page.sum('handover_upstream_seconds', { provider: 'mine' }) > 0);
  assert.ok(page.sum('handover_added_seconds') > 0);
});

test('refreshes are counted once each, whatever they were made for', async (t) => {
  const world = await startWorld('sandbox', { want: { access_token_lifetime: 4 } });
  const home = new Home({ config: toml({ '': { default_provider: 'codex' }, ...world.codexTables() }) });
  home.watchSecrets(world.secrets);
  t.after(async () => {
    await home.close();
    await world.close();
  });
  succeeded((await login(home, 'codex')).run);
  const before = (await world.counts()).refreshes;
  const gateway = await Gateway.start(home);
  // Nobody asks for anything: the background alone keeps the token fresh.
  const around = async () => {
    const made = (await world.counts()).refreshes - before;
    return { made, page: await scrape(gateway), again: (await world.counts()).refreshes - before };
  };
  const quiet = ({ made, page, again }) => made === again && made >= 2 && page.of('handover_refreshes_total')['codex ok'] === made;
  const { page, made } = await eventually(around, quiet, LONG, 'two refreshes, counted');
  assert.deepEqual(page.of('handover_refreshes_total'), { 'codex ok': made });

  await world.fault('token_500');
  const failed = await counted(gateway, (seen) => seen.of('handover_refreshes_total')['codex failed'] > 0, 'one that failed');
  assert.deepEqual(Object.keys(failed.of('handover_refreshes_total')).sort(), ['codex failed', 'codex ok']);
});
