import { refreshSuite } from './suites/refresh.js';

refreshSuite('oidc-provider');
