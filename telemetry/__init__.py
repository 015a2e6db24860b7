"""The telemetry contract: what a device may say, and what becomes of it."""
