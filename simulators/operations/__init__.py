"""What people do in a port: shifts, landings, doors, goods."""
