#!/bin/sh
# Healthy is a broker that lets its health user in and hands out a message.
set -eu
password=$(cat /run/secrets/broker_health)
exec mosquitto_sub -h 127.0.0.1 -p 1883 -u health -P "$password" -t '$SYS/broker/uptime' -C 1 -W 4 >/dev/null
