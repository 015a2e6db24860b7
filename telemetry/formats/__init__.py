"""Wire formats: each turns a payload into entries, or says why it cannot."""
