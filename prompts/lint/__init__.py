"""Flaws of a prompt by the golden rules, and a better one."""
