#!/bin/sh
# Builds images with the tags of docker-compose.yml out of Debian packages, for a machine that may reach a Debian
# mirror but no image registry. They show the stack up; they are not for production (see docs/operations.md).
#
#   deploy/standins/build.sh [DEBIAN_MIRROR] [EXTRA_BUILD_ARGUMENTS…]
#
# Needs root, debootstrap and a running docker daemon.
set -eu
mirror=${1:-} # debootstrap knows a mirror of its own
[ $# -gt 0 ] && shift
here=$(cd "$(dirname "$0")" && pwd)

if ! docker image inspect standin-debian:bookworm >/dev/null 2>&1; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  debootstrap --variant=minbase --include=ca-certificates bookworm "$work/root" ${mirror:+"$mirror"}
  # Whom this machine trusts, the stand-ins trust: a network that inspects TLS signs with an authority of its own.
  [ ! -e /etc/ssl/certs/ca-certificates.crt ] || cp -L /etc/ssl/certs/ca-certificates.crt "$work/root/etc/ssl/certs/"
  tar -C "$work/root" -c . | docker import - standin-debian:bookworm
fi
docker build --network host -t python:3.11-slim-bookworm "$@" "$here/python"
docker build --network host -t timescale/timescaledb:2.28.3-pg17 "$@" "$here/timescaledb"
docker build --network host -t eclipse-mosquitto:2.0.22 "$@" "$here/mosquitto"
