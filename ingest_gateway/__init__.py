"""MQTT to a committed row: receive, decode, write, then acknowledge."""
