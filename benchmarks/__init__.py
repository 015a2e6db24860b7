"""Measurements: what is quick, what is slow, and what the bound is."""
