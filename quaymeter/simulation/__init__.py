"""A simulated port on the roads of a real one: its history imported, its present published, its truth kept apart."""
