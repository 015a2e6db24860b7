"""Background work on what was stored: roll-ups now; alarms and savings runs in later steps."""
