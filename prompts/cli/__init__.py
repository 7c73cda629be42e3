"""python -m prompts."""
