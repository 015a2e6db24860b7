"""Alarm rules as a pure state machine. Built in a later step."""
