import { refreshSuite } from './suites/refresh.js';

refreshSuite('sandbox');
