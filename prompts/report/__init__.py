"""A run as files: one HTML page, CSV, JSON."""
