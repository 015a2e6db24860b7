"""Savings reports and records as PDF and HTML. Built in a later step."""
