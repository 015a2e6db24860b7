"""What stands between physics and a message: sampling, noise, and the faults that real sensors have."""
