import { loginSuite } from './suites/login.js';

loginSuite('oidc-provider');
