"""Measurement and verification: pure numpy, arrays in, frozen results out. Built in a later step."""
