"""Test sets as tables: read, pasted, combined."""
