"""The index of Gradio's parts in a real browser: it is what the page runs, and it finds what the walk finds."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Opener
from tests.running_app import App
from tests.unit.test_part_index import WALK
from ui.part_index import indexed

pytestmark = [pytest.mark.browser, pytest.mark.model]

# A tree, ids that are not in it, and a part that comes later.
SAME = """([walk, index]) => {
  const make = source => new Function(source + ';return Z')();
  const [one, two] = [make(walk), make(index)];
  let next = 0;
  const below = depth => depth ? Array.from({length: depth}, () => grow(depth - 1)) : undefined;
  const grow = depth => ({id: next++, children: below(depth)});
  const tree = grow(4);
  const same = id => one(tree, id) === two(tree, id);
  const before = Array.from({length: next + 3}, (_, id) => id).every(same);
  tree.children[1].children.push({id: next + 1});
  return before && same(next + 1) && same(0) && two(tree, next + 1).id === next + 1 && two(tree, 'x') === null;
}"""


def test_the_page_runs_it_and_it_finds_the_same(open_page: Opener, app: App) -> None:
    page = open_page()
    name = page.evaluate("performance.getEntriesByType('resource').map(e => e.name).find(n => /core-[^/]*js$/.test(n))")
    assert name.startswith(app.url)
    assert "$trees=new WeakMap" in page.evaluate("async name => (await fetch(name)).text()", name)
    assert page.evaluate(SAME, [WALK, indexed(WALK)])
