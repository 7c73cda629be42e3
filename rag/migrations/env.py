"""Run by Alembic: takes the connection that rag.database hands over, never a URL of its own."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transaction_per_migration=False)
with context.begin_transaction():
    context.run_migrations()
