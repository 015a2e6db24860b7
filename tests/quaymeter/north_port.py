"""A port of one pump, as small as a site file can be: what the command line is tested with."""

from __future__ import annotations

SITE = """
[site]
id = "north"
name = "North port"
position = [50.7, 1.6]
timezone = "Europe/Paris"

[[utilities]]
id = "water"
name = { fr = "Eau", en = "Water" }

[[operators]]
id = "port"
name = "The port"

[[assets]]
key = "quay/pump"
name = { fr = "Pompe", en = "Pump" }
utility = "water"
operator = "port"
device = "node-1"
[assets.points]
flow = { name = { fr = "Débit", en = "Flow" }, quantity = "volume_flow", unit = "m3/h", kind = "gauge", period_s = 60 }
"""
