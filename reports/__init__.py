"""Savings reports for auditors and clients, from the records of a run alone: PDF and a page, in French and English."""
