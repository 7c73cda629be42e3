"""Values out of plain JSON, whatever stands there: what is kept with a message may be of an earlier version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Plain = Mapping[str, object]


def items(value: object) -> list[Plain]:
    """Return the objects of a list; none for anything else."""
    listed = isinstance(value, Sequence) and not isinstance(value, str)
    return [item for item in value if isinstance(item, Mapping)] if listed else []  # type: ignore[attr-defined]


def mapping(value: object) -> Plain:
    """Return an object; an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def whole(value: object) -> int:
    """Return a number without its fraction; 0 for anything else."""
    return int(value) if isinstance(value, (int, float)) else 0


def real(value: object) -> float:
    """Return a number; 0 for anything else."""
    return float(value) if isinstance(value, (int, float)) else 0.0
