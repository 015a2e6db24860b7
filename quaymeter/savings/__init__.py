"""Savings from a file: an engineer's CSV read into a table, fitted, told in plain words and drawn."""
