"""The pipeline, read in the order a document and then a question pass through it.

loaders -> chunking -> embeddings -> store + lexical -> retrieval -> answer. Nothing here knows of the page.
"""
