// The authorization server of the tests: oidc-provider, a certified OpenID provider, on loopback. `want` says what it insists on,
// `response` what it gives instead of its ordinary answer; both may be changed while it runs.
import { generateKeyPairSync } from 'node:crypto';
import { Readable } from 'node:stream';

import Provider from 'oidc-provider';

import { listen, readBody } from './loopback.js';
import { Memory } from './memory_adapter.js';
import { Record } from './record.js';

export const CLIENT_ID = 'handover-tests';
export const ACCOUNT = 'someone';
export const ACCOUNT_CLAIMS = {
  sub: ACCOUNT,
  email: 'someone@example.com',
  'https://api.openai.com/auth': {
    chatgpt_account_id: 'workspace-1', chatgpt_plan_type: 'plus', chatgpt_user_id: 'user-1',
  },
};

// The paths the codex plugin declares below its issuer; discovery names the same ones.
const PATHS = {
  '/.well-known/openid-configuration': 'discovery',
  '/.well-known/oauth-authorization-server': 'discovery',
  '/oauth/authorize': 'authorize',
  '/oauth/token': 'token',
  '/oauth/revoke': 'revoke',
  '/oauth/device_authorization': 'device',
  '/jwks': 'jwks',
};

// Its pages for the person: a form for the code, one to confirm it, and the end (lib/device.js fills them in).
const DEVICE_FLOW = {
  enabled: true,
  userCodeInputSource: async (ctx, form) => { ctx.body = `<h1>Enter the code</h1>${form}`; },
  userCodeConfirmSource: async (ctx, form) => { ctx.body = `<h1>Confirm</h1>${form}`; },
  successSource: async (ctx) => { ctx.body = '<h1>Signed in</h1>'; },
};

export async function startOidcServer({ want = {}, response = {} } = {}) {
  const server = new OidcServer(want, response);
  await server.start();
  return server;
}

class OidcServer {
  name = 'oidc-provider';
  client_id = CLIENT_ID;
  record = new Record(); // {endpoint, method, path, params, headers, grant_type, status}
  secrets = new Set(); // every token, code and verifier that passed
  memory = new Memory();
  account = ACCOUNT; // who signs in next
  wrongState = false; // the redirect carries another state than was asked with

  constructor(want, response) {
    // Want: lifetimes in seconds; encoding of the refresh request; whether reuse revokes the login; `pages`: oidc-provider's own pages
    // for login and consent, for a browser with a person before it.
    this.want = {
      redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/auth/callback'],
      access_token_lifetime: 3600,
      refresh_token_lifetime: 86400,
      device_interval: 1, // seconds; oidc-provider itself names none
      refresh_encoding: 'form',
      nonce: true,
      ...want,
    };
    // Response: `deny` answers the authorization request with access_denied; an endpoint's name maps to a rule
    // {status, headers, body, json, gate, destroy}, or to a function of the request entry that gives one or nothing.
    this.response = { ...response };
  }

  async start() {
    this.listener = await listen((request, answer) => this.#handle(request, answer));
    this.issuer = this.listener.origin;
    this.endpoints = {
      authorization_endpoint: `${this.issuer}/oauth/authorize`,
      token_endpoint: `${this.issuer}/oauth/token`,
      revocation_endpoint: `${this.issuer}/oauth/revoke`,
    };
    this.provider = new Provider(this.issuer, this.#configuration());
    this.provider.use((ctx, next) => this.#judge(ctx, next));
    this.provider.on('authorization.success', (_ctx, out) => {
      if (this.wrongState) out.state = 'somebody-elses-state';
    });
    this.callback = this.provider.callback();
  }

  close() {
    return this.listener.close();
  }

  count(endpoint, more = {}) {
    return this.record.count({ endpoint, ...more });
  }

  refreshes() {
    return this.count('token', { grant_type: 'refresh_token' });
  }

  // What an upstream would ask: is this access token good now?
  async accepts(token) {
    const found = await this.provider.AccessToken.find(token);
    return found !== undefined;
  }

  async knowsRefreshToken(token) {
    const found = await this.provider.RefreshToken.find(token);
    return found !== undefined && !found.consumed;
  }

  // Makes every refresh token of the server one that has expired.
  expireRefreshTokens() {
    for (const payload of this.memory.table('RefreshToken').values()) payload.exp = 1;
  }

  // Every device code that nobody has used yet has expired.
  expireDeviceCodes() {
    for (const payload of this.memory.table('DeviceCode').values()) payload.exp = 1;
  }

  // The authority forgets every access token: an upstream answers 401 though the client thinks them valid.
  forgetAccessTokens() {
    this.memory.table('AccessToken').clear();
  }

  #configuration() {
    const { want } = this;
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    return {
      adapter: this.memory.adapter(),
      clients: [{
        client_id: CLIENT_ID,
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
        response_types: ['code'],
        redirect_uris: want.redirect_uris,
      }],
      jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' }] },
      cookies: { keys: ['only-for-tests'] },
      scopes: ['openid', 'profile', 'email', 'offline_access'],
      claims: { openid: ['sub', 'https://api.openai.com/auth'], email: ['email'] },
      conformIdTokenClaims: false,
      features: { devInteractions: { enabled: Boolean(want.pages) }, revocation: { enabled: true }, deviceFlow: DEVICE_FLOW },
      routes: {
        authorization: '/oauth/authorize', token: '/oauth/token', revocation: '/oauth/revoke', jwks: '/jwks',
        device_authorization: '/oauth/device_authorization', code_verification: '/device',
      },
      pkce: { methods: ['S256'], required: () => true },
      rotateRefreshToken: true,
      issueRefreshToken: async () => want.refresh_token_lifetime > 0,
      ttl: {
        AccessToken: () => want.access_token_lifetime,
        RefreshToken: () => want.refresh_token_lifetime,
        AuthorizationCode: 60,
        DeviceCode: 600,
        Grant: 86400,
        IdToken: 3600,
        Interaction: 600,
        Session: 86400,
      },
      ...(want.pages ? {} : { interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` } }),
      findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ ...ACCOUNT_CLAIMS, sub: id }) }),
      ...(want.pages ? {} : { loadExistingGrant: (ctx) => this.#grant(ctx) }),
    };
  }

  // The account has agreed to everything, once and for all.
  async #grant(ctx) {
    const grant = new this.provider.Grant({
      clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope('openid profile email offline_access');
    await grant.save();
    return grant;
  }

  async #handle(request, answer) {
    const { pathname } = new URL(request.url, this.issuer);
    if (pathname.startsWith('/interaction/') && !this.want.pages) return this.#interact(request, answer);
    return this.callback(request, answer);
  }

  // Where the sign-in page would be: the person is known at once, and says no if the test wants so.
  async #interact(request, answer) {
    await this.provider.interactionDetails(request, answer);
    const result = this.response.deny
      ? { error: 'access_denied', error_description: 'the person said no' }
      : { login: { accountId: this.account }, consent: {} };
    await this.provider.interactionFinished(request, answer, result, { mergeWithLastSubmission: false });
  }

  // In front of oidc-provider: notes the request, plays the rule of its endpoint, checks what is wanted.
  async #judge(ctx, next) {
    const entry = await this.#note(ctx);
    if (entry === undefined) return next();
    const planned = this.response[entry.endpoint];
    const rule = typeof planned === 'function' ? planned(entry) : planned;
    if (rule?.gate) await rule.gate.opened;
    if (rule?.destroy) {
      ctx.respond = false;
      ctx.req.socket?.destroy();
      ctx.res.socket?.destroy();
      return undefined;
    }
    if (rule?.status) return this.#answerByRule(ctx, entry, rule);
    const complaint = this.#complaint(entry);
    if (complaint) {
      return this.#answerByRule(ctx, entry, { status: 400, json: { error: 'invalid_request', error_description: complaint } });
    }
    await next();
    entry.status = ctx.status;
    if (entry.endpoint === 'device' && ctx.status === 200) ctx.body = { ...ctx.body, interval: this.want.device_interval };
    this.#keepSecrets(ctx.body);
    this.record.add({ answered: entry.endpoint, grant_type: entry.grant_type, status: ctx.status });
    return undefined;
  }

  #answerByRule(ctx, entry, rule) {
    entry.status = rule.status;
    ctx.status = rule.status;
    ctx.set(rule.headers ?? {});
    ctx.body = rule.json ?? rule.body ?? '';
  }

  async #note(ctx) {
    const endpoint = PATHS[ctx.path];
    if (!endpoint) return undefined;
    const params = Object.fromEntries(new URLSearchParams(ctx.querystring));
    const entry = { endpoint, method: ctx.method, path: ctx.path, headers: { ...ctx.req.headers }, params };
    if (ctx.method === 'POST') Object.assign(params, await this.#takeBody(ctx, entry));
    if (params.grant_type) entry.grant_type = params.grant_type;
    this.#keepSecrets(params);
    return this.record.add(entry);
  }

  // Reads the body and gives oidc-provider a copy to read; JSON becomes the form it understands.
  async #takeBody(ctx, entry) {
    const body = (await readBody(ctx.req)).toString();
    entry.encoding = ctx.is('json') ? 'json' : 'form';
    const params = entry.encoding === 'json' ? JSON.parse(body) : Object.fromEntries(new URLSearchParams(body));
    const form = new URLSearchParams(params).toString();
    const { headers } = ctx.request.req;
    headers['content-type'] = 'application/x-www-form-urlencoded';
    headers['content-length'] = String(Buffer.byteLength(form));
    ctx.req = Object.assign(Readable.from([Buffer.from(form)]), { headers, method: 'POST', socket: ctx.req.socket });
    return params;
  }

  #complaint(entry) {
    const { params, endpoint } = entry;
    if (endpoint === 'authorize' && this.want.nonce && !params.nonce) return 'a nonce is wanted';
    if (endpoint === 'authorize' && !params.state) return 'a state is wanted';
    if (params.grant_type === 'refresh_token' && entry.encoding !== this.want.refresh_encoding) {
      return `the refresh request is wanted as ${this.want.refresh_encoding}, not ${entry.encoding}`;
    }
    return undefined;
  }

  #keepSecrets(values) {
    if (values === null || typeof values !== 'object') return;
    for (const name of ['access_token', 'refresh_token', 'id_token', 'code', 'code_verifier', 'token', 'device_code']) {
      if (typeof values[name] === 'string' && values[name] !== '') this.secrets.add(values[name]);
    }
  }
}
