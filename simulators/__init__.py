"""A port in physics with known truth, seen through its sensors; recorded data replayed; signals for sites without a model."""
