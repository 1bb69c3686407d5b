// Certificates for loopback, made with openssl in a folder of their own.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class Certificates {
  folder = mkdtempSync(join(tmpdir(), 'handover-tls-'));

  #openssl(...args) {
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'], cwd: this.folder });
  }

  #key(name) {
    return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`];
  }

  // NAME.pem and NAME.key, which sign themselves.
  authority(name) {
    this.#openssl('req', '-x509', ...this.#key(name), '-days', '2', '-subj', `/CN=test ${name}`, '-out', `${name}.pem`);
  }

  // NAME.pem and NAME.key for 127.0.0.1, signed by an authority.
  server(name, { authority = 'authority', names = 'IP:127.0.0.1', days = 2 } = {}) {
    const subject = names.startsWith('DNS:') ? names.slice('DNS:'.length) : '127.0.0.1';
    this.#openssl('req', ...this.#key(name), '-subj', `/CN=${subject}`, '-out', `${name}.csr`);
    writeFileSync(this.path('names'), names === '' ? '' : `subjectAltName = ${names}`);
    this.#openssl('x509', '-req', '-in', `${name}.csr`, '-CA', `${authority}.pem`, '-CAkey', `${authority}.key`, '-CAcreateserial', '-days', `${days}`,
      '-extfile', 'names', '-out', `${name}.pem`);
  }

  path(name) {
    return join(this.folder, name);
  }

  read(name) {
    return readFileSync(this.path(name), 'utf8');
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
