"""The agent beside the plant: store-and-forward and publishing; drivers come in a later step."""
