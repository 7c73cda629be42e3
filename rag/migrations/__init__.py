"""Alembic's home: one file a step under versions/. `rag.database` runs it at start."""
