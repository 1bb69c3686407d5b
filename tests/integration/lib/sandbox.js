// Starts the project's own loopback sandbox and talks to its control paths.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

import { fetchPage } from './browser.js';
import { binary } from './handover.js';
import { within } from './record.js';

const form = { 'content-type': 'application/x-www-form-urlencoded' };

// `faults`: those it starts with, NAME=VALUE.
export async function startSandbox({ lifetime, port = 0, faults = [] } = {}) {
  const args = ['--port', String(port), '--exit-with-parent', ...(lifetime ? ['--token-lifetime', `${lifetime}s`] : [])];
  for (const fault of faults) args.push('--fault', fault);
  const child = spawn(binary('HANDOVER_SANDBOX_BIN'), args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const atExit = () => child.kill('SIGKILL');
  process.on('exit', atExit);
  const ended = new Promise((resolve) => { child.on('close', resolve); });
  const lines = createInterface({ input: child.stdout });
  const first = new Promise((resolve) => { lines.once('line', resolve); });
  const description = JSON.parse(await within(20000, first, 'the line of the sandbox'));
  return new Sandbox(description, child, ended, atExit);
}

class Sandbox {
  constructor(description, child, ended, atExit) {
    Object.assign(this, { description, child, ended, atExit });
  }

  url(path) {
    return new URL(path, this.description.issuer).href;
  }

  async counts() {
    const page = await fetchPage(this.url('/_sandbox/counters'));
    const counters = JSON.parse(page.body);
    return {
      ...counters,
      authorize: counters.authorizations,
      exchanges: counters.code_exchanges,
      requests: counters.model_requests,
      requests_to_token: counters.requests['/oauth/token'] ?? 0,
    };
  }

  async faults(wanted) {
    const page = await fetchPage(this.url('/_sandbox/faults'), { 'content-type': 'application/json' }, 'POST', JSON.stringify(wanted));
    if (page.status !== 200) throw new Error(`faults ${JSON.stringify(wanted)}: ${page.status} ${page.body}`);
  }

  async refreshWorks(refresh_token, client_id) {
    const body = new URLSearchParams({ grant_type: 'refresh_token', client_id, refresh_token }).toString();
    const page = await fetchPage(this.url('/oauth/token'), form, 'POST', body);
    return page.status === 200;
  }

  // Without a word to those who are connected.
  async die() {
    process.off('exit', this.atExit);
    this.child.kill('SIGKILL');
    await within(20000, this.ended, 'the end of the sandbox');
  }

  async close() {
    process.off('exit', this.atExit);
    this.child.kill('SIGTERM');
    await within(20000, this.ended, 'the end of the sandbox');
  }
}
