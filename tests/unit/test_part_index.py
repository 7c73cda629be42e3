"""The index of Gradio's parts is put into the script that has the walk, and into no other."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ui.part_index import _ASSETS, PartIndex, indexed

WALK = (
    "function Z(e,t){if(e.id===t)return e;"
    "if(e.children)for(let n of e.children){let e=Z(n,t);if(e)return e}return null}"
)


def test_the_gradio_that_is_pinned_has_the_walk_once() -> None:
    (script,) = _ASSETS.glob("core-*.js")
    changed = indexed(script.read_text(encoding="utf-8"))
    assert changed is not None
    assert "$trees=new WeakMap" in changed
    assert indexed(changed) is None  # there is no other


@pytest.mark.parametrize("script", ["", "function Z(e,t){return null}", WALK + WALK, WALK.replace("=Z(", "=Y(")])
def test_another_script_is_left_alone(script: str) -> None:
    assert indexed(script) is None


def test_only_that_script_is_served_anew(tmp_path: Path) -> None:
    (tmp_path / "core-1.js").write_text(f"let a;{WALK}", encoding="utf-8")
    (tmp_path / "core-2.js").write_text("let b;", encoding="utf-8")
    (tmp_path / "other.js").write_text(WALK, encoding="utf-8")
    inner = Starlette(routes=[Route("/{path:path}", lambda _: PlainTextResponse("inner"))])
    client = TestClient(PartIndex(inner, tmp_path))
    served = client.get("/assets/core-1.js")
    assert served.text.startswith("let a;const Z$trees=new WeakMap;function Z(tree,id)")
    assert served.headers["content-type"].startswith("text/javascript")
    for path in ("/assets/core-2.js", "/assets/other.js", "/core-1.js", "/assets/", "/"):
        assert client.get(path).text == "inner"
