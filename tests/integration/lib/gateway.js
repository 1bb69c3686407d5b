// `handover serve` in a home, and a client for it as its users have one: the official package with nothing but a base URL and a key.
import { readFileSync } from 'node:fs';

import OpenAI from 'openai';

import { succeeded } from './scene.js';

export class Gateway {
  // Options: args, env, one_cpu; `configured`: the config says where it listens.
  static async start(home, { args = [], env = {}, one_cpu = false, configured = false } = {}) {
    const run = home.start(['serve', ...(configured ? [] : ['--listen', '127.0.0.1:0']), ...args], { env, one_cpu });
    const [, url] = await run.until(/^listening (https?:\/\/\S+)$/m, 'stdout');
    return new Gateway(home, run, url);
  }

  constructor(home, run, url) {
    Object.assign(this, { home, run, url });
    this.key = JSON.parse(readFileSync(home.path('state', 'gateway-keys.json'), 'utf8')).keys[0].key;
  }

  // Without retries of its own, so that a test sees every answer.
  client(options = {}) {
    return new OpenAI({ apiKey: this.key, baseURL: `${this.url}/v1`, maxRetries: 0, ...options });
  }

  // A raw request.
  async fetch(path, { method = 'GET', body, headers = {}, signal } = {}) {
    return fetch(`${this.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
      signal,
    });
  }

  post(path, body, options = {}) {
    return this.fetch(path, { method: 'POST', body, ...options });
  }

  // An orderly end.
  async close() {
    this.run.kill('SIGTERM');
    return succeeded(await this.run.end());
  }
}

// A provider of the openai plugin at an upstream on loopback, with its key in GATEWAY_TEST_KEY: tables of a config.
export function keyed(name, base_url, dialects, more = {}) {
  return {
    [`providers.${name}`]: { plugin: 'openai', base_url, dialects, model: `${name}-model`, auth_method: 'api-key', ...more },
    [`providers.${name}.auth.api-key`]: { env: ['GATEWAY_TEST_KEY'] },
  };
}

// The error that a promise ends with.
export async function rejection(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

// A stream's events, and the error it ended with, if it did.
export async function drained(stream) {
  const events = [];
  try {
    for await (const event of stream) events.push(event);
  } catch (error) {
    return { events, error };
  }
  return { events };
}
