"""The pipeline, read in the order a document and then a question pass through it.

loaders -> chunking -> embeddings -> store + lexical -> retrieval -> answer. Nothing here knows of the page.
"""

import os

__version__ = "0.1.0"

# How long an OpenMP thread spins before it sleeps, read when the first library with OpenMP is loaded: torch or
# llama.cpp. The default of 300,000 is no faster on a quiet machine (34 tokens/s either way) and many times slower on
# a busy one, where each spins through the time in which the other could run: 1 to 9 against 12 to 14 tokens/s on two
# cores with three busy neighbours.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
