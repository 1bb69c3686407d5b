// A whole login in Chromium: through oidc-provider's own pages for login and consent to the callback page, which needs neither scripts
// nor anything from elsewhere. Screenshots go to HANDOVER_SCREENSHOTS, if that is set.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { redirectUriOf } from './lib/browser.js';
import { Chromium, findChromium } from './lib/chromium.js';
import { failed, scene, succeeded } from './lib/scene.js';

const path = findChromium();
const folder = process.env.HANDOVER_SCREENSHOTS ?? mkdtempSync(join(tmpdir(), 'handover-screenshots-'));

describe('login in Chromium', { skip: path ? false : 'chromium is not installed' }, () => {
  let chromium;
  before(async () => { chromium = await Chromium.start(path); });
  after(async () => {
    await chromium?.close();
    if (!process.env.HANDOVER_SCREENSHOTS) rmSync(folder, { recursive: true, force: true });
  });

  // Both colour schemes, a wide and a narrow window: readable, nothing cut off, a picture of each.
  async function look(page, name) {
    const backgrounds = [];
    for (const scheme of ['light', 'dark']) {
      await page.scheme(scheme);
      for (const [size, width, height] of [['wide', 1024, 640], ['narrow', 320, 568]]) {
        await page.size(width, height);
        const widest = await page.value('document.documentElement.scrollWidth');
        assert.ok(widest <= width, `${name}, ${size}: ${widest} wide`);
        const file = join(folder, `${name}-${scheme}-${size}.png`);
        await page.screenshot(file);
        assert.ok(statSync(file).size > 1000);
      }
      backgrounds.push(await page.value('getComputedStyle(document.body).backgroundColor'));
      const contrast = await page.value(CONTRAST);
      assert.ok(contrast.worst >= 4.5, `${name}, ${scheme}: contrast ${contrast.worst} of "${contrast.text}"`);
    }
    assert.notEqual(backgrounds[0], backgrounds[1], 'the style, or its dark part, did not apply');
  }

  // Chromium's own wish for an icon is no resource of the page.
  function resourcesAfter(page, address) {
    const from = page.requests.findIndex((url) => url.startsWith(address));
    assert.notEqual(from, -1, page.requests.join('\n'));
    return page.requests.slice(from + 1).filter((url) => !url.endsWith('/favicon.ico'));
  }

  async function start(t) {
    const { world, home } = await scene(t, 'oidc-provider', { want: { pages: true } });
    const run = home.start(['auth', 'login', 'company', '--no-browser']);
    const url = await run.authorizationUrl();
    const page = await chromium.open({ scripts: false });
    await page.go(url);
    assert.equal(await page.value('document.querySelector("input[name=login]") !== null'), true, await page.text());
    return { world, home, run, page, callback: redirectUriOf(url) };
  }

  test('signed in', async (t) => {
    const { world, home, run, page, callback } = await start(t);
    await page.screenshot(join(folder, 'provider-login.png'));
    await page.type('input[name=login]', 'someone');
    await page.type('input[name=password]', 'anything');
    await page.click('button[type=submit]');
    assert.match(await page.text(), /authorize/i);
    await page.screenshot(join(folder, 'provider-consent.png'));
    await page.click('button[type=submit]');

    assert.match(await page.text(), /signed in to company/i);
    assert.equal(await page.value('document.title'), 'Handover: Signed in');
    assert.equal(page.responses.at(-1).status, 200);
    assert.equal(await page.value('document.scripts.length'), 0);
    assert.deepEqual(resourcesAfter(page, callback), []);
    await look(page, 'signed-in');

    succeeded(await run.end());
    assert.ok(home.credential('company').access_token);
    const { rows } = await home.status('company');
    assert.equal(rows[0].status, 'authenticated');
    assert.equal((await world.counts()).exchanges, 1);
  });

  test('denied', async (t) => {
    const { home, run, page, callback } = await start(t);
    await page.click('a[href$="/abort"]');
    assert.match(await page.text(), /denied/i);
    assert.match(await page.text(), /AUTH_DENIED/);
    assert.equal(page.responses.at(-1).status, 400);
    assert.deepEqual(resourcesAfter(page, callback), []);
    await look(page, 'denied');
    failed(await run.end(), { exit: 4, code: 'AUTH_DENIED' });
    assert.equal(home.hasCredential('company'), false);
  });
});

// WCAG 2.2, 1.4.3: the least contrast of any text with what lies behind it.
const CONTRAST = `(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const over = (color, below) => {
    canvas.fillStyle = below; canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data;
    return 'rgb(' + r + ',' + g + ',' + b + ')';
  };
  const luminance = (color) => {
    const linear = color.match(/\\d+/g).map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const behind = (element) => {
    const chain = [];
    for (let e = element; e; e = e.parentElement) chain.unshift(getComputedStyle(e).backgroundColor);
    return chain.reduce((below, color) => over(color, below), 'rgb(255,255,255)');
  };
  let result = { worst: 21, text: '' };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim();
    if (!text) continue;
    const element = walker.currentNode.parentElement;
    const below = behind(element);
    const [one, two] = [luminance(over(getComputedStyle(element).color, below)), luminance(below)];
    const contrast = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    if (contrast < result.worst) result = { worst: contrast, text };
  }
  return result;
})()`;
