"""How each document is cut into chunks: its own size and overlap, in characters; null means the usual ones."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Add the two columns."""
    op.add_column("documents", sa.Column("chunk_size", sa.Integer))
    op.add_column("documents", sa.Column("chunk_overlap", sa.Integer))
