"""The HTTP service and the operators' console."""
