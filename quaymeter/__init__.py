"""The command line, the settings and the one-command demo: the composition root."""
