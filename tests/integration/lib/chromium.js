// Debian's Chromium without a window, driven through the DevTools protocol over a pipe: what a person does is done with the mouse's and
// the keyboard's own events, and every request of the browser is noted.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { within } from './record.js';

const PATIENCE = 60000; // ms; a cold start on a busy machine

// Its path, or nothing where it is not installed.
export function findChromium() {
  const found = spawnSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' });
  return found.status === 0 ? found.stdout.trim() : undefined;
}

// Only loopback names resolve, and no proxy of the environment is used: whatever the browser wants to know of the world, it asks nobody.
const FLAGS = [
  '--headless=new', '--remote-debugging-pipe', '--no-first-run', '--no-default-browser-check', '--disable-gpu', '--disable-dev-shm-usage',
  '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-pings', '--no-proxy-server',
  '--disable-features=Translate,OptimizationHints,MediaRouter',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost', '--hide-scrollbars',
];

export class Chromium {
  #next = 0;
  #answers = new Map(); // id -> {resolve, reject}
  #listeners = new Set(); // functions of (method, params)

  static async start(path) {
    const chromium = new Chromium();
    await chromium.#start(path);
    return chromium;
  }

  async #start(path) {
    this.folder = mkdtempSync(join(tmpdir(), 'handover-chromium-'));
    const root = process.getuid() === 0 ? ['--no-sandbox'] : []; // its own sandbox refuses to work for root
    const env = { PATH: process.env.PATH, HOME: this.folder, LANG: 'C.UTF-8', XDG_RUNTIME_DIR: this.folder };
    this.process = spawn(path, [...FLAGS, ...root, `--user-data-dir=${this.folder}`, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], detached: true, env,
    });
    this.closed = new Promise((resolve) => { this.process.on('close', resolve); });
    this.process.on('error', () => {});
    this.process.stdio[3].on('error', () => {});
    this.#read(this.process.stdio[4]);
    const ended = this.closed.then(() => { throw new Error('chromium ended'); });
    ended.catch(() => {});
    await Promise.race([this.call('Browser.getVersion'), ended]);
  }

  // Messages are JSON with a zero byte behind each.
  #read(pipe) {
    let rest = '';
    pipe.setEncoding('utf8');
    pipe.on('data', (text) => {
      const parts = (rest + text).split('\0');
      rest = parts.pop();
      for (const part of parts) this.#take(JSON.parse(part));
    });
  }

  #take({ id, result, error, method, params, sessionId }) {
    if (id === undefined) {
      for (const listener of [...this.#listeners]) listener(method, params, sessionId);
      return;
    }
    const { resolve, reject } = this.#answers.get(id);
    this.#answers.delete(id);
    if (error) reject(new Error(error.message));
    else resolve(result);
  }

  call(method, params = {}, sessionId = undefined) {
    this.#next += 1;
    const id = this.#next;
    const answer = new Promise((resolve, reject) => { this.#answers.set(id, { resolve, reject }); });
    this.process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return within(PATIENCE, answer, `chromium's answer to ${method}`);
  }

  listen(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  // A tab without cookies or history of any other.
  async open({ scripts = true } = {}) {
    const { browserContextId } = await this.call('Target.createBrowserContext');
    const { targetId } = await this.call('Target.createTarget', { url: 'about:blank', browserContextId });
    const { sessionId } = await this.call('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page(this, sessionId);
    await page.start(scripts);
    return page;
  }

  async close() {
    try {
      process.kill(-this.process.pid, 'SIGKILL');
    } catch {
      // it has gone by itself
    }
    await this.closed;
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

class Page {
  requests = []; // URLs, in order
  responses = []; // {url, status}
  #loads = 0;
  #stopped = new Set();

  constructor(browser, session) {
    this.browser = browser;
    this.session = session;
  }

  call(method, params) {
    return this.browser.call(method, params, this.session);
  }

  async start(scripts) {
    this.browser.listen((method, params, session) => {
      if (session !== this.session) return;
      if (method === 'Network.requestWillBeSent') this.requests.push(params.request.url);
      if (method === 'Network.responseReceived') this.responses.push({ url: params.response.url, status: params.response.status });
      if (method === 'Page.loadEventFired') {
        this.#loads += 1;
        for (const look of [...this.#stopped]) look();
      }
    });
    for (const domain of ['Page', 'Network', 'DOM', 'Runtime']) await this.call(`${domain}.enable`);
    await this.call('Emulation.setScriptExecutionDisabled', { value: !scripts });
    await this.size(1024, 640);
  }

  size(width, height) {
    return this.call('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
  }

  scheme(value) {
    return this.call('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value }] });
  }

  // Does something that leads to another page, and waits until that is there.
  async #andLoad(act) {
    const wanted = this.#loads + 1;
    const loaded = new Promise((resolve) => {
      const look = () => {
        if (this.#loads < wanted) return;
        this.#stopped.delete(look);
        resolve();
      };
      this.#stopped.add(look);
    });
    await act();
    await within(PATIENCE, loaded, () => `a page after ${this.requests.at(-1)}`);
  }

  go(url) {
    return this.#andLoad(() => this.call('Page.navigate', { url }));
  }

  async #node(selector) {
    const { root } = await this.call('DOM.getDocument');
    const { nodeId } = await this.call('DOM.querySelector', { nodeId: root.nodeId, selector });
    if (nodeId === 0) throw new Error(`no ${selector} in ${await this.text()}`);
    return nodeId;
  }

  async type(selector, text) {
    await this.call('DOM.focus', { nodeId: await this.#node(selector) });
    await this.call('Input.insertText', { text });
  }

  // With the mouse, in its middle.
  async click(selector) {
    const { model } = await this.call('DOM.getBoxModel', { nodeId: await this.#node(selector) });
    const [left, top, right, , , bottom] = model.content;
    const place = { x: (left + right) / 2, y: (top + bottom) / 2, button: 'left', clickCount: 1 };
    await this.#andLoad(async () => {
      await this.call('Input.dispatchMouseEvent', { type: 'mousePressed', ...place });
      await this.call('Input.dispatchMouseEvent', { type: 'mouseReleased', ...place });
    });
  }

  // The value of an expression, in a world apart from the page's scripts.
  async value(expression) {
    const { frameTree } = await this.call('Page.getFrameTree');
    const { executionContextId } = await this.call('Page.createIsolatedWorld', { frameId: frameTree.frame.id });
    const { result, exceptionDetails } = await this.call('Runtime.evaluate', { expression, contextId: executionContextId, returnByValue: true });
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.text}`);
    return result.value;
  }

  text() {
    return this.value('document.body.innerText');
  }

  async screenshot(file) {
    const { data } = await this.call('Page.captureScreenshot', { format: 'png' });
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, Buffer.from(data, 'base64'));
  }
}
