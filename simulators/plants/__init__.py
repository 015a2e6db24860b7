"""The plants of a port: what they use and what their sensors would see if they were perfect."""
