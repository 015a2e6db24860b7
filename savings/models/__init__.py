"""Models of energy: change-point, time of week and temperature, ratio."""
