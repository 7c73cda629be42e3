"""Experiments run, kept, paused, replayed."""
