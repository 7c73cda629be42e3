"""Prompt strategies and their measurement: files of strategies, test sets, checks, verdicts. No page, no Gradio."""
