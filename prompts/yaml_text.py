"""YAML and JSON of strangers to plain values and back, bounded; it knows nothing of what they say.

Values are read as YAML 1.2 (core schema) and promptfoo read them: "no", 12:30 and 2024-05-03 are texts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import yaml

from rag.errors import KeyRepeated, YamlTooLarge, YamlUnreadable

MOST_BYTES = 2_000_000
MOST_PARTS = 200_000  # values, once every alias is written out
DEEPEST = 50
_WIDTH = 110
_BREAKS = re.compile("[\x85\u2028\u2029]")
_MERGE = "tag:yaml.org,2002:merge"


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with YAML 1.2's plain scalars (https://yaml.org/spec/1.2.2/#103-core-schema)."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own name, filled below


_SCALARS = (
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("merge", r"<<", "<"),
)
for _name, _pattern, _first in _SCALARS:
    _starts = ["" if one == "\0" else one for one in _first]
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(rf"(?:{_pattern})\Z"), _starts)


def _whole_number(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node))
    return int(text, 0) if text[:2] in ("0o", "0x") else int(text)


def _plain(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


_Loader.add_constructor("tag:yaml.org,2002:int", _whole_number)
_Loader.add_constructor(_MERGE, _plain)  # "<<" as a value


class _Dumper(yaml.SafeDumper):
    """PyYAML's safe dumper, with no aliases and long texts as blocks."""

    def ignore_aliases(self, data: object) -> bool:
        """Write everything out: a reader need not look up what stands elsewhere."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Set the entries of a list in from its key."""
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
    """Quote what only YAML 1.2 would read as a number (1e3); PyYAML quotes what 1.1 would not read as a text."""
    misread = any(re.fullmatch(pattern, data) for _, pattern, _ in _SCALARS)
    # In a block, these ends of a line (YAML 1.1's) would come back as another one.
    style = '"' if _BREAKS.search(data) else "|" if "\n" in data else "'" if misread else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)


_Dumper.add_representer(str, _text)


def read(text: str) -> Any:  # noqa: ANN401 - YAML holds anything
    """Return the values of a YAML or JSON text. Raises YamlUnreadable, YamlTooLarge, KeyRepeated."""
    if len(text.encode("utf-8", errors="replace")) > MOST_BYTES:
        raise _too_large()
    try:
        return _json(text) if text.lstrip()[:1] in ("{", "[") else _yaml(text)
    except RecursionError as error:
        raise _too_large() from error


def write(data: object, comments: Iterable[str] = ()) -> str:
    """Return `data` as YAML that YAML 1.1 and 1.2 read alike, under lines of comment."""
    above = "".join(f"# {' '.join(line.split())}\n" for line in comments)
    return above + str(yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=_WIDTH))


def _json(text: str) -> Any:  # noqa: ANN401
    """Read JSON itself where it is that: YAML forbids the tabs that it may be indented with."""
    try:
        data = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except ValueError:
        return _yaml(text)
    if _parts(data) > MOST_PARTS:
        raise _too_large()
    return data


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise KeyRepeated(key=key[:60], line=0)
        found[key] = value
    return found


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _parts(data: object, depth: int = 0) -> int:
    if depth > DEEPEST:
        raise _too_large()
    values = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return 1 + sum(_parts(one, depth + 1) for one in values)


def _yaml(text: str) -> Any:  # noqa: ANN401
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _measure(node, {}, ())
        _unrepeated(node, set())
        return loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlUnreadable(line=mark.line + 1 if mark else 0) from error
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise YamlUnreadable(line=0) from error
    finally:
        loader.dispose()


def _measure(node: yaml.Node, sizes: dict[int, int], above: tuple[int, ...]) -> int:
    """Return how many values a node stands for once its aliases are written out, without writing them out."""
    if id(node) in above or len(above) > DEEPEST:
        raise _too_large()  # it holds itself, or has no end that a person could see
    if id(node) not in sizes:
        inside = (*above, id(node))
        sizes[id(node)] = 1 + sum(_measure(one, sizes, inside) for one in _children(node))
    if sizes[id(node)] > MOST_PARTS:
        raise _too_large()
    return sizes[id(node)]


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [one for pair in node.value for one in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _unrepeated(node: yaml.Node, seen: set[int]) -> None:
    """Raise KeyRepeated for a key that stands twice in one mapping; PyYAML keeps the last without a word."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        keys: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise YamlUnreadable(line=key.start_mark.line + 1)
            if (key.tag, key.value) in keys and key.tag != _MERGE:
                raise KeyRepeated(key=key.value[:60], line=key.start_mark.line + 1)
            keys.add((key.tag, key.value))
    for child in _children(node):
        _unrepeated(child, seen)


def _too_large() -> YamlTooLarge:
    return YamlTooLarge(size=f"{MOST_BYTES // 1_000_000} MB", parts=f"{MOST_PARTS // 1000} 000")
