"""Gradio's page with an index of its parts, so that it finds one at once instead of looking through the whole tree.

Gradio 6 keeps the page as a tree, and whenever anything begins or ends it looks up every part that was ever an output
of anything (`update_loading_stati_state`), each time by walking through the tree from its root. With Aula's eight
hundred parts that took most of the time in which the page was loading or answering: see `python -m bench page`. The
walk is one function of one script; it is replaced on its way out. Where a newer Gradio has another function, nothing
is replaced, and a test says so.
"""

from __future__ import annotations

import re
from pathlib import Path

import gradio as gr
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

_ASSETS = Path(gr.__file__).parent / "templates" / "frontend" / "assets"
# function find(tree, id) { if (tree.id === id) return tree; for each child: the same; return null }
_WALK = re.compile(
    r"function (\w+)\((\w+),(\w+)\)\{if\(\2\.id===\3\)return \2;if\(\2\.children\)"
    r"for\(let (\w+) of \2\.children\)\{let \2=\1\(\4,\3\);if\(\2\)return \2\}return null\}"
)
# The same with a map from each id to its node, made anew when a tree is new or an id is not found in it. What is found
# could only be out of date where parts take each other's place under the same id, which needs gr.render.
_INDEX = (
    "const {name}$trees=new WeakMap;function {name}(tree,id){{"
    "const known={name}$trees.get(tree)?.get(id);if(known?.id===id)return known;"
    "const found=new Map,waiting=[tree];"
    "while(waiting.length){{const node=waiting.pop();found.has(node.id)||found.set(node.id,node);"
    "if(node.children)for(const child of node.children)waiting.push(child)}}"
    "{name}$trees.set(tree,found);return found.get(id)??null}}"
)


def indexed(script: str) -> str | None:
    """Return the script with the index in the place of the walk, None where it has no such walk or several."""
    changed, times = _WALK.subn(lambda match: _INDEX.format(name=match[1]), script)
    return changed if times == 1 else None


class PartIndex:
    """Serves the script that has the walk; lets everything else through."""

    def __init__(self, app: ASGIApp, assets: Path = _ASSETS) -> None:
        """Wrap an ASGI app; `assets`: where Gradio's scripts lie."""
        self.app = app
        self._scripts = {
            f"/assets/{file.name}": script.encode()
            for file in assets.glob("core-*.js")
            if (script := indexed(file.read_text(encoding="utf-8")))
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["method"] == "GET":
            name = "/assets/" + scope["path"].rpartition("/assets/")[2]
            if script := self._scripts.get(name):
                kept = {"cache-control": "max-age=3600"}  # the name stays when what is put in changes
                await Response(script, media_type="text/javascript", headers=kept)(scope, receive, send)
                return
        await self.app(scope, receive, send)
