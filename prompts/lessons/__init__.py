"""Published findings to repeat, and a secret to guard."""
