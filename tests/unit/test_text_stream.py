"""rag/llama/text_stream.py: whole characters, and nothing of a stop string, whatever the tokens' borders."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.llama.text_stream import TextStream


def _through(stream: TextStream, parts: list[bytes]) -> list[str]:
    return [*(stream.feed(part) for part in parts), stream.finish()]


def _bytes_of(text: str) -> list[bytes]:
    return [bytes([value]) for value in text.encode()]


def test_characters_split_over_tokens_come_out_whole() -> None:
    text = "ñandú 😀 漢字 e\u0301"
    shown = _through(TextStream(), _bytes_of(text))
    assert "".join(shown) == text
    assert all("\ufffd" not in part for part in shown)


def test_text_without_a_stop_string_is_shown_at_once() -> None:
    stream = TextStream(["\nUser:"])
    assert stream.feed(b"Hello") == "Hello"
    assert stream.feed(b" there") == " there"


def test_stop_string_spanning_tokens_is_never_shown() -> None:
    stream = TextStream(["\nUser:"])
    assert stream.feed(b"Done.\nUs") == "Done."
    assert stream.feed(b"er: next") == ""
    assert stream.stopped
    assert stream.feed(b"more") == ""
    assert stream.finish() == ""


def test_beginning_of_a_stop_string_that_leads_nowhere_is_given_back() -> None:
    stream = TextStream(["END"])
    assert stream.feed(b"an EN") == "an "
    assert stream.feed(b"TRY") == "ENTRY"
    assert not stream.stopped


def test_held_text_comes_at_the_end() -> None:
    stream = TextStream(["</answer>"])
    assert stream.feed(b"5 <") == "5 "
    assert stream.finish() == "<"


def test_the_first_of_several_stop_strings_counts() -> None:
    stream = TextStream(["three", "two"])
    assert stream.feed(b"one two three") == "one "
    assert stream.stopped


def test_empty_stop_string_stops_nothing() -> None:
    assert TextStream([""]).feed(b"text") == "text"


def test_unfinished_character_is_dropped_at_the_end() -> None:
    stream = TextStream()
    assert stream.feed("año 😀".encode()[:-2]) == "año "
    assert stream.finish() == ""


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@given(text=st.text(alphabet="abñ😀\n", max_size=40), stops=st.lists(st.text("abñ😀\n", min_size=1, max_size=4)))
def test_shows_exactly_what_stands_before_the_first_stop(text: str, stops: list[str], size: int) -> None:
    data = text.encode()
    stream = TextStream(stops)
    shown = "".join(_through(stream, [data[at : at + size] for at in range(0, len(data), size)]))
    complete = [(text.find(stop) + len(stop), text.find(stop)) for stop in stops if stop in text]
    assert shown == (text[: min(complete)[1]] if complete else text)
    assert stream.stopped == bool(complete)
