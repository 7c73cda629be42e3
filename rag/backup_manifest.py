"""What a backup says of itself: who made it, when, and every member with its size and sha256. It opens no file.

A backup is a ZIP: a first member that names its kind, then `files/<sha256>` and `strategies/<name>`, then
`aula.sqlite`, last `manifest.json`. Chroma is not in it, its vectors being rows, and neither are models.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

FORMAT = 1  # of the file; a higher one is a newer Aula's
KIND = "aula-backup"  # the first member's name, so that a file cut short is still known for what it was
MANIFEST = "manifest.json"
DATABASE = "aula.sqlite"
MOST_MANIFEST = 64 * 2**20  # bytes
DIGEST = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"aula\.sqlite|files/[0-9a-f]{64}|strategies/\w[\w .-]{0,99}\.yaml")


class BadManifest(ValueError):
    """A manifest that is not put together as it must be."""


@dataclass(frozen=True)
class Member:
    """A file in the backup: its size in bytes as it was, and its sha256."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """`app` and `schema` as they were, `created` in ISO 8601 (UTC), what it holds, and members by name.

    `lost`: how many documents it has without their originals, which were missing or damaged when it was made.
    """

    app: str
    schema: str
    created: str
    documents: int = 0
    conversations: int = 0
    lost: int = 0
    members: Mapping[str, Member] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def size(self) -> int:
        """The size of all members in bytes, unpacked."""
        return sum(member.bytes for member in self.members.values())

    def to_json(self) -> bytes:
        """Return the manifest as it stands in the backup."""
        return json.dumps(asdict(self), indent=1).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Manifest:
        """Read a manifest. Raises BadManifest; of one with a higher `format` only app, schema and format are read."""
        try:
            given = json.loads(data)
            app, schema, version = str(given["app"])[:100], str(given["schema"])[:32], int(given["format"])
            if version > FORMAT:
                return cls(app, schema, "", format=version)
            return cls(
                app,
                schema,
                str(given["created"])[:40],
                documents=int(given["documents"]),
                conversations=int(given["conversations"]),
                lost=int(given["lost"]),
                members=_members(given["members"]),
            )
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise BadManifest from error


def _members(given: Mapping[str, Mapping[str, Any]]) -> dict[str, Member]:
    """Return the members whose names this Aula knows; no other is ever unpacked."""
    found = {}
    for name, member in given.items():
        if not _NAME.fullmatch(name):
            continue
        size, digest = int(member["bytes"]), str(member["sha256"])
        if size < 0 or not DIGEST.fullmatch(digest):
            raise BadManifest
        found[name] = Member(size, digest)
    if DATABASE not in found:
        raise BadManifest
    return found
