"""What the lanes of a document's way in work with; it does nothing itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rag.dense import Dense
from rag.jobs import Jobs
from rag.store import Store


@dataclass(frozen=True)
class Parts:
    """`files` are the originals, `writing` keeps a delete and a write apart; `busy`: the chat model is answering."""

    store: Store
    dense: Dense
    jobs: Jobs
    files: Path
    writing: threading.Lock
    busy: Callable[[], bool]
