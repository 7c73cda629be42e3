"""promptfoo's `__expected` cells, "contains: x", to checks and back; it knows nothing of tables.

See https://www.promptfoo.dev/docs/configuration/test-cases/#csv-with-assertions.
"""

from __future__ import annotations

import csv
import io
import json
import re
from decimal import Decimal
from typing import Any

from prompts.experiment import read_check
from prompts.outcome import Check
from prompts.promptfoo.plain_text import plain
from prompts.safety import refuse_text
from rag.errors import UnsafeCheck

_CODE = re.compile(r"\s*(?:not-)?(javascript|python|ruby|webhook|fn|eval|exec|package|file)\s*(?:\([^)]*\)\s*)?:", re.I)
_TYPED = re.compile(r"(not-)?([a-z][a-z0-9-]*(?::[a-z-]+)?)(?:\((-?\d+(?:\.\d+)?)\))?(?::(.*))?", re.DOTALL)
# "trajectory:tool-used" is a type, "contains:paris" is none.
_SIMPLY = re.compile(_TYPED.pattern.replace("(?::[a-z-]+)?", "", 1), re.DOTALL)
_STRUCTURED = ("schema", "elements", "number", "texts")  # what may be an object or a list, written as JSON
# A list, an object, or a text that would be taken for one and is quoted therefore.
_JSON = re.compile(r"[\"\\]*\s*[{\[]")
_OTHER_NAMES = {"grade": "llm-rubric"}
_SIMILAR = 0.8  # promptfoo's threshold where a cell names none


def expected(text: str, row: int = 0) -> Check:
    """Return the check that a cell asks for: "similar(0.8): x" is typed, any other text an equals.

    Raises UnsafeCheck, naming the row (from 1), for what promptfoo would run or read.
    """
    from prompts.checks.registry import KINDS

    if _CODE.match(text):
        raise UnsafeCheck(row=row, found=text.strip()[:60])
    refuse_text(text, row)
    for match in (_TYPED.fullmatch(text.strip()), _SIMPLY.fullmatch(text.strip())):
        kind = _OTHER_NAMES.get(match[2], match[2]) if match else ""
        if match and kind in KINDS and (match[4] is not None or match[3] is not None or _stands_alone(kind)):
            return _typed(f"{match[1] or ''}{kind}", kind, match[3], match[4], row)
    return read_check({"type": "equals", "value": text.strip()}, row)


def _stands_alone(kind: str) -> bool:
    """Whether the bare name is a check: "is-json" is, while an answer may well be "language"."""
    from prompts.checks.registry import KINDS

    return "-" in kind and KINDS[kind].wants in ("schema", "nothing", "checks", "elements")


def _typed(name: str, kind: str, threshold: str | None, value: str | None, row: int) -> Check:
    data: dict[str, Any] = {"type": name}
    if value is not None and value.strip():
        data["value"] = _value(kind, value.strip())
    if threshold is not None:
        data["threshold"] = float(threshold)
    elif kind == "similar":
        data["threshold"] = _SIMILAR
    return read_check(data, row)


def _value(kind: str, text: str) -> Any:  # noqa: ANN401 - a text, a list or what JSON holds
    from prompts.checks.registry import KINDS

    if KINDS[kind].wants == "list":
        cells = next(csv.reader([text.replace("\n", " ")], skipinitialspace=True), [])
        return [cell.strip() for cell in cells]
    if KINDS[kind].wants not in _STRUCTURED or not _JSON.match(text):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def written(check: Check) -> str:
    """Return the cell that `expected` reads as the check's type, value and threshold; a plain text for an equals.

    The threshold that a check has by default is written where promptfoo's is another one.
    """
    value = _cell(check)
    if check.type == "equals" and not check.negate and isinstance(check.value, str) and _reads_back(value, check):
        return value
    name = f"{'not-' if check.negate else ''}{check.type}"
    threshold = check.threshold
    if threshold is None and check.type == "similar":
        threshold = _default(check.type)
    if threshold is not None:
        name += f"({Decimal(str(threshold)).normalize():f})"  # 1e-07 is none of promptfoo's numbers
    if check.value is None:
        return name if threshold is not None or _stands_alone_known(check.type) else f"{name}:"
    return f"{name}: {value}"


def _cell(check: Check) -> str:
    """Return a check's value as it stands in its cell."""
    from prompts.checks.registry import KINDS

    text = plain(check.value)
    wants = KINDS[check.type].wants if check.type in KINDS else ""
    if wants == "list" and isinstance(check.value, list):
        out = io.StringIO()
        csv.writer(out, lineterminator="").writerow([plain(one) for one in check.value])
        return out.getvalue()
    if wants in _STRUCTURED and isinstance(check.value, str) and _value(check.type, text) != text:
        return json.dumps(text, ensure_ascii=False)
    return text


def _default(kind: str) -> float | None:
    from prompts.checks.registry import KINDS

    return KINDS[kind].threshold


def _stands_alone_known(kind: str) -> bool:
    from prompts.checks.registry import KINDS

    return kind in KINDS and _stands_alone(kind)


def _reads_back(text: str, check: Check) -> bool:
    try:
        read = expected(text)
    except UnsafeCheck:
        return False
    wanted = (check.type, check.value, check.negate, check.threshold)
    return (read.type, read.value, read.negate, read.threshold) == wanted
