#!/usr/bin/env bash
# Start-up of the release build beside its peers, measured alternately in one run: tests/bench/startup.sh BUILD_DIR [RUNS].
# Everything happens in a temporary home and on loopback.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(cd "${1:?usage: startup.sh BUILD_DIR [RUNS]}" && pwd)
runs=${2:-40}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Peers: a C++ program that does nothing, and the least that can send a request.
echo 'int main() {}' >"$work/empty.cpp"
g++ -O2 -Wl,--no-as-needed -o "$work/empty" "$work/empty.cpp"
g++ -O2 -std=c++20 -static -o "$work/raw_request" "$here/raw_request.cpp"
g++ -O2 -std=c++20 -o "$work/startup" "$here/startup.cpp" "$here/first_byte_server.cpp" -lssl -lcrypto -pthread

# A certificate for 127.0.0.1 and its authority, among the machine's own: as one file, and as a folder of hashed names.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=bench authority' \
    -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=127.0.0.1' \
    -keyout "$work/server.key" -out "$work/server.csr" 2>/dev/null
openssl x509 -req -in "$work/server.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 2 \
    -extfile <(echo 'subjectAltName = IP:127.0.0.1') -out "$work/server.pem" 2>/dev/null
cat /etc/ssl/certs/ca-certificates.crt "$work/ca.pem" >"$work/roots.pem"
mkdir "$work/roots"
cp -L /etc/ssl/certs/*.0 "$work/roots/"
cp "$work/ca.pem" "$work/roots/$(openssl x509 -in "$work/ca.pem" -noout -hash).0"

mkdir -m 700 "$work/home"
HOME=$work "$work/startup" "$build" "$work" "$runs"
