// A gateway before one upstream of Chat Completions, and streams that stand.
import { Gateway } from './gateway.js';
import { Home, toml } from './handover.js';
import { raw } from './raw.js';
import { gate } from './record.js';
import { chatAnswer, chatChunks, startScriptedModels } from './scripted_models.js';

export const KEY = 'sandbox-key-front';
export const chat = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };

// A gateway in front of one upstream, which answers as `reply` says.
export async function front(t, { serve = {}, http = {}, args = [], dialects = ['chat_completions'], provider = {}, auth = {}, reply = () => ({ json: chatAnswer({ content: 'hello' }) }) } = {}) {
  const models = await startScriptedModels(reply);
  const config = (settings = serve) => toml({
    '': { default_provider: 'mine' },
    serve: settings,
    http: { max_retries: 0, ...http },
    'providers.mine': { plugin: 'openai', base_url: models.base_url, dialects, model: 'm', auth_method: 'api-key', ...provider },
    'providers.mine.auth.api-key': { env: ['GATEWAY_TEST_KEY'], ...auth },
  });
  const home = new Home({ config: config(), environment: { GATEWAY_TEST_KEY: KEY } });
  home.secrets.add(KEY);
  t.after(async () => {
    await models.close();
    await home.close();
  });
  const gateway = await Gateway.start(home, { args });
  return { models, home, gateway, config };
}

// A stream that stands until its gate opens.
export function standing() {
  const held = gate();
  const chunks = chatChunks([{ content: 'one' }, held, { content: 'two' }]);
  return { held, reply: () => ({ events: chunks }) };
}

export async function openStream(t, gateway) {
  const body = JSON.stringify({ ...chat, stream: true });
  const stream = raw(t, gateway, `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nx-api-key: ${gateway.key}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  return stream.until(/"one"/);
}
