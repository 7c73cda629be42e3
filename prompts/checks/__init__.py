"""Checks: what is read from an answer, and whether it is right."""
