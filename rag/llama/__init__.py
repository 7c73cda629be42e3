"""llama.cpp for the chat model of rag/llm.py, one idea a file.

native (open a file) -> vocabulary (text to tokens and back) -> chat_template (messages to a prompt) ->
context (what the model has read) -> sampling (choose a token) -> text_stream (bytes to text) -> generation (the loop).
"""

import os

# How long an OpenMP thread spins before it sleeps, read when the library is loaded. The default of 300,000 is no
# faster on a quiet machine (34 tokens/s either way) and many times slower on a busy one, where each spins through
# the time in which the other could run: 1 to 9 against 12 to 14 tokens/s, two cores and three busy neighbours.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
