#!/bin/sh
# Takes the password and access files, and certificates where there are any (deploy/tls.yml), from where they are
# mounted into a place that only the broker reads, then becomes the broker.
set -eu
user=$(id -un mosquitto)
install -m 0700 -o "$user" -d /mosquitto/access
install -m 0400 -o "$user" /run/secrets/broker_passwords /mosquitto/access/passwords
install -m 0400 -o "$user" /run/secrets/broker_acl /mosquitto/access/acl
if [ -d /run/secrets/tls ]; then
  for file in server.crt server.key ca.crt; do
    install -m 0400 -o "$user" "/run/secrets/tls/$file" "/mosquitto/access/$file"
  done
fi
chown "$user" /mosquitto/data
exec mosquitto -c /mosquitto/config/mosquitto.conf
