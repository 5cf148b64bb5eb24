#!/usr/bin/env bash
# The CA and the certificates of the nodes, made once; run in the container `certificates`. /ca: the CA with its key, seen
# by nothing else; /certs: what the nodes read.
set -euo pipefail
tool=${CERTUTIL:-/usr/share/elasticsearch/bin/elasticsearch-certutil}
ca=${CA_FOLDER:-/ca}
certs=${CERTS_FOLDER:-/certs}

if [ ! -f "$ca/ca/ca.key" ]; then
  echo "making the CA"
  rm -rf "$ca/ca" "$ca/ca.zip"
  "$tool" ca --silent --pem --days 3650 --out "$ca/ca.zip"
  unzip -q "$ca/ca.zip" -d "$ca"
  rm "$ca/ca.zip"
fi

if [ ! -f "$certs/done" ]; then
  echo "making the certificates"
  rm -rf "${certs:?}"/*
  cat > "$ca/instances.yml" <<'END'
instances:
  - name: elasticsearch
    dns: [elasticsearch, localhost]
    ip: [127.0.0.1]
  - name: kibana
    dns: [kibana, localhost]
    ip: [127.0.0.1]
END
  rm -f "$ca/certs.zip"
  "$tool" cert --silent --pem --days 1095 --in "$ca/instances.yml" \
    --ca-cert "$ca/ca/ca.crt" --ca-key "$ca/ca/ca.key" --out "$ca/certs.zip"
  unzip -q "$ca/certs.zip" -d "$certs"
  rm "$ca/certs.zip"
  cp "$ca/ca/ca.crt" "$certs/ca.crt"
  touch "$certs/done"
fi

chmod -R u=rwX,go= "$ca"
# Both images run as user 1000, group 0.
chown -R 1000:0 "$certs"
find "$certs" -type d -exec chmod 750 {} +
find "$certs" -type f -exec chmod 640 {} +
