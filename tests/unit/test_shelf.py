"""Which beginnings of prompts are kept, and what makes room for what."""

from __future__ import annotations

from rag.llama.shelf import LONGEST, SLOTS, SPARE, Shelf

MAIN = list(range(100, 300))
SHORT = list(range(500, 560))


def test_what_shares_most_is_found_and_stays() -> None:
    shelf = Shelf()
    assert shelf.best(MAIN) is None
    kept, gone = shelf.put(MAIN, 150)
    assert kept is not None
    assert (kept.slot, kept.settled, gone) == (1, 150, [])
    other, _ = shelf.put(SHORT, 60)
    assert other is not None
    assert other.slot == 2
    assert shelf.best([*MAIN[:120], 7]) == kept
    assert shelf.best([7]) is None


def test_the_same_kind_makes_room_and_the_same_is_not_kept_twice() -> None:
    shelf = Shelf()
    first, _ = shelf.put([*MAIN, 1, 2], 10)
    assert shelf.put(MAIN, 10) == (None, [])
    second, gone = shelf.put([*MAIN, 8, 9, 10], 10)
    assert first is not None
    assert second is not None
    assert gone == [first.slot]


def test_the_one_that_was_not_used_longest_goes_first() -> None:
    shelf = Shelf()
    prompts = [[n] * 80 for n in range(SLOTS)]  # fewer tokens than there is room for
    slots = [shelf.put(prompt, 0)[0] for prompt in prompts]
    shelf.best(prompts[0])
    _, gone = shelf.put([99] * 80, 0)
    assert slots[1] is not None
    assert gone == [slots[1].slot]
    assert shelf.clear()
    assert not shelf.clear()


def test_there_is_room_for_so_many_tokens_and_no_more() -> None:
    shelf = Shelf()
    kept = [shelf.put([n] * LONGEST, 0) for n in range(SPARE // LONGEST)]
    assert all(gone == [] for _, gone in kept)
    _, gone = shelf.put([99] * LONGEST, 0)
    assert [one.slot for one, _ in kept[:1] if one] == gone
