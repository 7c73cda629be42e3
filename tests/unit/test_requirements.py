"""requirements.txt names what the code imports, no more and no less, pinned to what the tests ran with."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable
from importlib.metadata import packages_distributions, version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ("ui", "rag", "prompts", "lab", "bench")
BROWSER = ROOT / "bench" / "page.py"  # says itself that it needs what the tests need
REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==(\S+)(?:  # (.+))?")


def requirements(name: str) -> dict[str, tuple[str, str]]:
    """A file as {normalised name: (version, what needs it)}; fails on a line that is not pinned."""
    found = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith(("#", "-r ")):
            match = REQUIREMENT.fullmatch(line.strip())
            assert match, f"not pinned: {line}"
            found[normal(match[1])] = (match[2], match[3] or "")
    return found


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(paths: Iterable[Path]) -> set[str]:
    """Third-party top-level names that these files import, anywhere in them."""
    names: set[str] = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add((node.module or "").split(".")[0])
    return names - {"app", "docs", *LAYERS} - sys.stdlib_module_names


def test_every_import_is_a_requirement_and_every_requirement_is_used() -> None:
    listed, provided = requirements("requirements.txt"), packages_distributions()
    paths = [ROOT / "app.py", *(path for layer in LAYERS for path in (ROOT / layer).rglob("*.py") if path != BROWSER)]
    by_import = {name: {normal(one) for one in provided.get(name, [])} for name in imported(paths)}
    missing = sorted(name for name, packages in by_import.items() if not packages & set(listed))
    assert not missing, f"imported but not in requirements.txt: {missing}"
    used = set().union(*by_import.values())
    idle = sorted(name for name, (_, reason) in listed.items() if name not in used and not reason)
    assert not idle, f"in requirements.txt, imported nowhere and without a word on what needs it: {idle}"


def test_what_drives_a_browser_needs_no_more_than_the_tests_do() -> None:
    assert imported([BROWSER]) <= set(requirements("requirements.txt")) | set(requirements("requirements-dev.txt"))


def test_the_environment_has_the_pinned_versions() -> None:
    for name, (wanted, _) in {
        **requirements("requirements.txt"),
        **requirements("requirements-dev.txt"),
    }.items():
        assert version(name).split("+")[0] == wanted, name
