"""Imports flow one way: app -> ui -> prompts, lab -> rag. Nothing slow is imported before the page is up."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAYERS = {
    "app": {"ui", "prompts", "lab", "rag"},
    "ui": {"prompts", "lab", "rag"},
    "prompts": {"rag"},
    "lab": {"rag"},
    "bench": {"prompts", "lab", "rag"},
    "rag": set[str](),
}
# A library -> the files or folders that may import it.
ONLY_IN = {
    "gradio": ("app.py", "ui/"),
    "gradio_client": (),
    "langchain_community": ("rag/loaders.py", "rag/parse_worker.py", "bench/baseline.py"),
    "langchain_classic": (),
}
# What is imported before the page is up, by app.py's own imports or inside its main function.
START = ("app.py", "ui/__init__.py", "rag/services.py")
# Seconds each: they may be imported inside a function, or by a module that is itself imported there.
SLOW = {"torch", "sentence_transformers", "transformers"}


def sources() -> list[str]:
    """Every module of the app and the bench, as a path relative to the project."""
    found = [path for layer in LAYERS for path in (ROOT / layer).rglob("*.py")]
    return sorted(str(path.relative_to(ROOT)) for path in [*found, ROOT / "app.py"] if path.is_file())


def package(path: str) -> str:
    """The dotted package that relative imports in `path` start from."""
    return ".".join(Path(path).parts[:-1])


def named(node: ast.Import | ast.ImportFrom, path: str) -> list[str]:
    """The dotted modules that an import in `path` may load; `from a import b` gives both a and a.b."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    base = node.module or ""
    if node.level:
        above = package(path).split(".")
        base = ".".join([*above[: len(above) - node.level + 1], *([base] if base else [])])
    return [base, *(f"{base}.{alias.name}" for alias in node.names)]


def is_type_checking(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run when a module is imported: not those in functions or for type checkers only."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or is_type_checking(node):
            continue
        yield node
        for part in ("body", "orelse", "finalbody"):
            yield from statements(getattr(node, part, []))
        for handler in getattr(node, "handlers", []):
            yield from statements(handler.body)


def at_import(source: str, path: str) -> set[str]:
    """The dotted modules that importing `source` imports."""
    nodes = statements(ast.parse(source).body)
    return {name for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom)) for name in named(node, path)}


def anywhere(source: str, path: str) -> set[str]:
    """The dotted modules that `source` names in any import, wherever it stands."""
    nodes = ast.walk(ast.parse(source))
    return {name for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom)) for name in named(node, path)}


def wrong(source: str, path: str) -> list[str]:
    """What `source`, were it the file `path`, imports against the rules."""
    layer = Path(path).parts[0].removesuffix(".py")
    tops = {name.split(".")[0] for name in anywhere(source, path)}
    upward = tops & (set(LAYERS) | {"tests", "scripts"}) - LAYERS[layer] - {layer}
    strange = {top for top in tops & set(ONLY_IN) if not path.startswith(ONLY_IN[top] or ("\0",))}
    return sorted(upward | strange)


def file_of(module: str) -> str | None:
    """The project's own file behind a dotted name, if there is one."""
    parts = Path(*module.split("."))
    for path in (parts.with_suffix(".py"), parts / "__init__.py"):
        if parts.parts[0] in LAYERS and (ROOT / path).is_file():
            return str(path)
    return None


def at_page_start() -> set[str]:
    """The project's files that are imported before the page is up, however far down."""
    seen: set[str] = set()
    waiting = list(START)
    while waiting:
        path = waiting.pop()
        if path in seen or not (ROOT / path).is_file():
            continue
        seen.add(path)
        for name in at_import((ROOT / path).read_text(encoding="utf-8"), path):
            prefixes = [".".join(name.split(".")[: i + 1]) for i in range(name.count(".") + 1)]
            waiting += [found for prefix in prefixes if (found := file_of(prefix))]
    return seen


@pytest.mark.parametrize("path", sources())
def test_a_file_imports_only_from_below(path: str) -> None:
    assert wrong((ROOT / path).read_text(encoding="utf-8"), path) == []


def test_no_slow_library_at_page_start() -> None:
    files = at_page_start()
    assert {*START, "rag/settings.py", "rag/retrieval.py"} <= files, "the walk over the imports lost its way"
    for path in sorted(files):
        tops = {name.split(".")[0] for name in at_import((ROOT / path).read_text(encoding="utf-8"), path)}
        assert not tops & SLOW, f"{path} imports {sorted(tops & SLOW)} before the page is up"


def test_importing_the_app_loads_no_slow_library() -> None:
    code = f"import sys, app, ui, rag.services; print(sorted({SLOW!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("path", "source", "found"),
    [
        ("rag/x.py", "import gradio as gr", ["gradio"]),
        ("rag/x.py", "def f():\n    from ui import chat", ["ui"]),
        ("lab/x.py", "from prompts.library import load", ["prompts"]),
        ("rag/x.py", "from ..ui import chat", ["ui"]),
        ("ui/x.py", "import app", ["app"]),
        ("ui/x.py", "from langchain_community.document_loaders import PyPDFLoader", ["langchain_community"]),
        ("rag/x.py", "from tests.helpers import fake", ["tests"]),
        ("ui/x.py", "import gradio\nfrom . import components\nfrom rag.errors import AulaError", []),
        ("rag/loaders.py", "import langchain_community", []),
    ],
)
def test_the_rules_themselves(path: str, source: str, found: list[str]) -> None:
    assert wrong(source, path) == found


def test_what_runs_at_import() -> None:
    source = (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch\n"
        "try:\n    import a\nexcept E:\n    import b\n"
        "class C:\n    import c\n    def f(self):\n        import torch\n"
    )
    assert {"a", "b", "c"} <= at_import(source, "rag/x.py")
    assert "torch" not in at_import(source, "rag/x.py")
    assert "torch" in anywhere(source, "rag/x.py")
