// An authorization server with a model API behind it, in one of two makes: oidc-provider with the tests' model server, or the sandbox.
// Both answer to the same names, so that one suite runs against either.
import { startModelServer } from './model_server.js';
import { CLIENT_ID, startOidcServer } from './oidc_server.js';
import { startSandbox } from './sandbox.js';
import { toml } from './handover.js';

export function startWorld(make, options = {}) {
  return make === 'sandbox' ? SandboxWorld.start(options) : OidcWorld.start(options);
}

// What a provider definition needs to know of a world; `more` goes into the auth method.
class World {
  // [providers.company]: a custom provider of the openai plugin behind a company's OpenID login, by config alone.
  companyTables(more = {}, provider = {}) {
    return {
      'providers.company': {
        plugin: 'openai', base_url: this.base_url, dialects: ['responses'], model: this.model_name, auth_method: 'login', ...provider,
      },
      'providers.company.auth.login': {
        kind: 'oauth2', billing: 'subscription', issuer: this.issuer, client_id: this.client_id,
        scopes: ['openid', 'email', 'offline_access'], redirect_uris: ['http://127.0.0.1:0/callback'], ...more,
      },
    };
  }

  // The codex plugin, pointed at this world.
  codexTables(more = {}, provider = {}) {
    return {
      'providers.codex': { plugin: 'codex', base_url: this.codex_base_url, model: this.model_name, ...provider },
      'providers.codex.auth.subscription': {
        issuer: this.issuer, client_id: this.client_id, redirect_uris: ['http://localhost:0/auth/callback'], ...more,
      },
    };
  }

  companyConfig(more, provider) {
    return toml(this.companyTables(more, provider));
  }

  codexConfig(more, provider) {
    return toml(this.codexTables(more, provider));
  }
}

class OidcWorld extends World {
  make = 'oidc-provider';

  static async start({ want } = {}) {
    const world = new OidcWorld();
    world.authority = await startOidcServer({ want: { refresh_encoding: 'form', ...want } });
    world.models = await startModelServer({ accepts: (token) => world.authority.accepts(token) });
    Object.assign(world, {
      issuer: world.authority.issuer,
      endpoints: world.authority.endpoints,
      client_id: CLIENT_ID,
      base_url: world.models.base_url,
      codex_base_url: `${world.models.origin}/backend-api/codex`,
      model_name: 'test-model',
      secrets: world.authority.secrets,
      text: world.models.text,
    });
    return world;
  }

  async close() {
    await this.authority.close();
    await this.models.close();
  }

  // Nobody listens at the authority any more.
  async stopAuthority() {
    await this.authority.close();
  }

  async counts() {
    const { authority, models } = this;
    return {
      discovery: authority.count('discovery'),
      authorize: authority.count('authorize'),
      exchanges: authority.count('token', { grant_type: 'authorization_code' }),
      refreshes: authority.refreshes(),
      revocations: authority.count('revoke'),
      requests: models.record.count({ method: 'POST' }),
      max_in_flight: models.max_in_flight,
    };
  }

  // Faults by name; false takes one back.
  async fault(name, on = true) {
    const { authority, models } = this;
    const rules = {
      deny: () => { authority.response.deny = on; },
      wrong_state: () => { authority.wrongState = on; },
      discovery_down: () => { set(authority.response, 'discovery', on && { status: 503, body: 'down' }); },
      token_500: () => { set(authority.response, 'token', on && { status: 500, body: '<h1>Internal error</h1>' }); },
      token_404: () => { set(authority.response, 'token', on && { status: 404, body: '<h1>Not found</h1>' }); },
      refresh_token_expired: () => { authority.expireRefreshTokens(); },
      access_token_forgotten: () => { authority.forgetAccessTokens(); },
      usage_limit: () => {
        models.response = on ? { status: 429, json: usageLimit(3600) } : {};
      },
    };
    rules[name]();
  }

  knowsRefreshToken(token) {
    return this.authority.knowsRefreshToken(token);
  }
}

// facts of the codex backend: 429 usage_limit_reached with its reset time
function usageLimit(resets_in_seconds) {
  return {
    error: {
      type: 'usage_limit_reached', message: 'The usage limit has been reached', plan_type: 'plus',
      resets_at: Math.floor(Date.now() / 1000) + resets_in_seconds, resets_in_seconds,
    },
  };
}

function set(object, key, value) {
  if (value) object[key] = value;
  else delete object[key];
}

class SandboxWorld extends World {
  make = 'sandbox';

  static async start({ want = {} } = {}) {
    const world = new SandboxWorld();
    world.sandbox = await startSandbox({ lifetime: want.access_token_lifetime });
    const { issuer, base_url, codex_base_url } = world.sandbox.description;
    Object.assign(world, {
      issuer, base_url, codex_base_url, endpoints: endpointsBelow(issuer), client_id: CLIENT_ID, model_name: 'sandbox-model', secrets: new Set(),
    });
    return world;
  }

  async close() {
    await this.sandbox.close();
  }

  async stopAuthority() {
    await this.sandbox.close();
  }

  async counts() {
    return this.sandbox.counts();
  }

  async fault(name, on = true) {
    const names = {
      deny: ['authorize_deny'],
      wrong_state: ['authorize_wrong_state'],
      discovery_down: ['discovery_down'],
      token_500: ['token_status', 500],
      token_404: ['token_status', 404],
      refresh_token_expired: ['refresh_error', 'invalid_grant'],
      access_token_forgotten: ['model_401_once', { count: 1 }],
      usage_limit: ['model_429_usage_limit', 3600],
    };
    const [fault, value = true] = names[name];
    await this.sandbox.faults({ [fault]: on ? value : false });
  }

  // Asks by using it: only for tokens whose login is over anyway.
  knowsRefreshToken(token) {
    return this.sandbox.refreshWorks(token, this.client_id);
  }
}

function endpointsBelow(issuer) {
  return {
    authorization_endpoint: `${issuer}/oauth/authorize`, token_endpoint: `${issuer}/oauth/token`, revocation_endpoint: `${issuer}/oauth/revoke`,
  };
}
