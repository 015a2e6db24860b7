"""Replay of recorded data and stand-in signals; the physical port comes in a later step."""
