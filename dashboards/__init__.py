"""Grafana dashboards, alert rules and data source as code. Built in a later step."""
