#!/bin/sh
# Makes the certificates of the bench anew: two authorities, and of the first a server on the loopback and a client.
set -eu
cd "$(dirname "$0")"
key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500"
for name in authority stranger; do
    openssl req -x509 $key -subj "/CN=tachograph test $name" -addext basicConstraints=critical,CA:TRUE \
        -addext keyUsage=critical,keyCertSign -keyout $name.key -out $name.pem
done
issue() {
    openssl req -x509 $key -CA authority.pem -CAkey authority.key -subj "/CN=tachograph test $1" \
        -addext basicConstraints=critical,CA:FALSE -addext "$2" -addext "$3" -keyout "$1.key" -out "$1.pem"
}
issue server subjectAltName=DNS:localhost,IP:127.0.0.1 extendedKeyUsage=serverAuth
issue client subjectAltName=DNS:client.example.com extendedKeyUsage=clientAuth
rm authority.key stranger.key
