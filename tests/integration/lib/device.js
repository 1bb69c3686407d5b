// The person with a code: reads it off the terminal and enters it in the pages of oidc-provider.
import assert from 'node:assert/strict';

import { browse } from './browser.js';

// What `auth login --device` shows.
export async function shownCode(run) {
  const [, user_code] = await run.until(/^ {2}([A-Z0-9]{4}-[A-Z0-9]{4})$/m);
  return { user_code, verification_uri: await run.authorizationUrl() };
}

const fields = (page) => Object.fromEntries(
  [...page.body.matchAll(/name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [name, value]),
);

// Enters the code, confirms it (or not) and signs in; the last page.
export async function enterCode({ user_code, verification_uri }, { abort = false } = {}) {
  const jar = [];
  const entry = await browse(verification_uri, { jar });
  assert.match(entry.body, /Enter the code/);
  const confirm = await browse(verification_uri, { jar, form: { ...fields(entry), user_code } });
  assert.match(confirm.body, /Confirm/, confirm.body);
  return browse(verification_uri, { jar, form: { ...fields(confirm), ...(abort ? { abort: 'yes' } : {}) } });
}
