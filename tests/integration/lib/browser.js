// The person's browser: follows redirects with cookies, from the authorization URL to the loopback listener. As a module for the
// tests, and as a program for $BROWSER: `node browser.js [--log FILE] [--environment NAME,NAME] URL`.
import { lookup } from 'node:dns';
import { appendFileSync } from 'node:fs';
import { request } from 'node:http';
import { fileURLToPath } from 'node:url';

// Browsers know `localhost` without asking anybody (RFC 6761 section 6.3); a bare machine may have no /etc/hosts.
function asBrowsersDo(hostname, options, callback) {
  if (hostname !== 'localhost') return lookup(hostname, options, callback);
  return options.all ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4);
}

const MOST_HOPS = 12;

// {url, status, headers, body} of one request, cookies applied; with `form` a POST of it.
async function get(url, jar, form) {
  const { hostname, pathname } = new URL(url);
  const cookies = jar.filter((cookie) => cookie.host === hostname && pathname.startsWith(cookie.path));
  const headers = { accept: 'text/html', 'user-agent': 'handover-test-browser' };
  if (cookies.length) headers.cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  if (form) headers['content-type'] = 'application/x-www-form-urlencoded';
  const page = await fetchPage(url, headers, form ? 'POST' : 'GET', form ? new URLSearchParams(form).toString() : '');
  for (const line of page.headers['set-cookie'] ?? []) keep(jar, hostname, line);
  return page;
}

export function fetchPage(url, headers = {}, method = 'GET', body = '') {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers, method, agent: false, lookup: asBrowsersDo }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({
        url, status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString(),
      }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function keep(jar, host, line) {
  const [pair, ...attributes] = line.split(';').map((part) => part.trim());
  const name = pair.slice(0, pair.indexOf('='));
  const value = pair.slice(pair.indexOf('=') + 1);
  const path = attributes.find((a) => a.toLowerCase().startsWith('path='))?.slice(5) ?? '/';
  const known = jar.findIndex((c) => c.host === host && c.name === name && c.path === path);
  if (known >= 0) jar.splice(known, 1);
  if (value !== '') jar.push({ host, name, value, path });
}

// Follows the authorization URL to its end. With `stopBefore`, an address prefix, the redirect to it is not followed but returned
// as `{redirect}`: what a person on another machine would copy from the address bar.
// `jar` keeps the cookies of one person's browser from page to page; `form` is sent to the first address.
export async function browse(url, { stopBefore, jar = [], form } = {}) {
  const hops = [];
  let next = url;
  while (hops.length < MOST_HOPS) {
    const page = await get(next, jar, hops.length === 0 ? form : undefined);
    hops.push({ url: next, status: page.status });
    if (page.status < 300 || page.status >= 400 || !page.headers.location) return { ...page, hops };
    next = new URL(page.headers.location, next).href;
    if (stopBefore && next.startsWith(stopBefore)) return { redirect: next, hops };
  }
  throw new Error(`more than ${MOST_HOPS} redirects`);
}

// The address that `redirect_uri` names in an authorization URL.
export function redirectUriOf(authorizationUrl) {
  return new URL(authorizationUrl).searchParams.get('redirect_uri');
}

async function main(argv) {
  const options = {};
  while (argv[0]?.startsWith('--')) options[argv.shift().slice(2)] = argv.shift();
  const url = argv[0];
  const report = { environment: {} };
  for (const name of (options.environment ?? '').split(',').filter(Boolean)) {
    report.environment[name] = process.env[name] ?? null;
  }
  try {
    const { status, hops, body } = await browse(url);
    Object.assign(report, { status, hops: hops.length, body });
  } catch (error) {
    report.error = String(error);
  }
  if (options.log) appendFileSync(options.log, `${JSON.stringify(report)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
