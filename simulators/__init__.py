"""A port in physics with known truth, seen by sensors; recorded data replayed; signals for sites without a model."""
