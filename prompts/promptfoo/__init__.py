"""promptfoo's files and CSV columns, in and out."""
