"""The sea and the air of a port, for any date, and nothing else."""
