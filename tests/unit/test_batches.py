"""Windows of what is too long, and batches of what is alike in length."""

from __future__ import annotations

from rag.batches import batches, windows


class Letters:
    """Each letter is a token."""

    limit = 20

    def count(self, text: str) -> int:
        return len(self.offsets(text))

    def offsets(self, text: str) -> list[tuple[int, int]]:
        return [(place, place + 1) for place, letter in enumerate(text) if letter != " "]


def test_a_text_that_fits_stays_whole():
    assert windows("a text", Letters()) == [("a text", 5)]
    assert windows("", Letters()) == [("", 0)]


def test_nothing_of_a_long_text_is_left_out():
    text = "abcdefgh ijklmnop qrstuvwx yzabcdef ghijklmn"
    parts = windows(text, Letters())
    assert len(parts) > 1
    assert "".join(part for part, _ in parts).replace(" ", "") == text.replace(" ", "")
    assert all(Letters().count(part) == tokens <= Letters.limit for part, tokens in parts)


def test_batches_hold_alike_lengths_within_the_budget():
    lengths = [90, 10, 50, 10, 200, 50, 12]
    found = list(batches(lengths, 100))
    assert sorted(position for batch in found for position in batch) == list(range(len(lengths)))
    for batch in found:
        assert len(batch) == 1 or len(batch) * max(lengths[position] for position in batch) <= 100
    flat = [lengths[position] for batch in found for position in batch]
    assert flat == sorted(flat)
    assert list(batches([])) == []
