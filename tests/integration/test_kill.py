"""Killed at random moments while documents come in: what is there in the end is what an undisturbed run leaves."""

from __future__ import annotations

from pathlib import Path

from tests.kill_run import run


def test_kills_lose_double_and_orphan_nothing(tmp_path: Path) -> None:
    """Documents, pages, chunks, terms, vectors, files, Chroma, contents included; 50 kills: see tests/kill_run.py."""
    assert run(kills=3, documents=20, embedding="all-minilm-l6-v2", seed=1, work=tmp_path, say=False) == []
