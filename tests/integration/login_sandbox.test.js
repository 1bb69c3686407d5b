import { loginSuite } from './suites/login.js';

loginSuite('sandbox');
