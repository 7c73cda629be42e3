"""Tesseract's table of words becomes paragraphs: what is noise, what is a heading, which lines belong together."""

from __future__ import annotations

from collections.abc import Sequence

from rag.ocr_text import laid_out, recognised

HEAD = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"


def table(*lines: Sequence[tuple[str, float]], height: int = 36, tops: Sequence[int] = ()) -> str:
    """A table as Tesseract writes it: lines of (word, confidence), each letter 20 pixels wide."""
    rows = [HEAD, "1\t1\t0\t0\t0\t0\t0\t0\t1654\t2339\t-1\t"]
    for number, line in enumerate(lines):
        left, top = 100, tops[number] if tops else 100 + 44 * number
        rows.append(f"4\t1\t1\t1\t{number}\t0\t100\t{top}\t1400\t{height}\t-1\t")
        for place, (word, confidence) in enumerate(line):
            tall = round(height * (0.52 if set(word) <= set("acemnorsuvwxz") else 0.72))
            deep = round(height * 0.21) if set(word) & set("gjpqy,") else 0
            box = f"{left}\t{top - tall}\t{20 * len(word)}\t{tall + deep}"
            rows.append(f"5\t1\t1\t1\t{number}\t{place}\t{box}\t{confidence}\t{word}")
            left += 20 * len(word) + 20
    return "\n".join(rows)


def sure(text: str) -> list[tuple[str, float]]:
    return [(word, 95.0) for word in text.split()]


FULL = (
    "Durante años la traducción automática dependió de las reglas escri-",
    "tas por lingüistas de profesión. Hoy aprende sola de los ejemplos",
    "que alguien tradujo antes, y lee la oración entera de una vez.",
)


def test_lines_become_a_paragraph_and_a_broken_word_is_whole_again() -> None:
    text = laid_out(recognised(table(*map(sure, FULL)))).text
    assert "reglas escritas por lingüistas" in text
    assert text.count("\n") == 0


def test_specks_and_rules_are_no_text() -> None:
    noise = [("|", 30.0), ("~", 12.0), (".", 95.0), ("‘", 80.0)]
    assert laid_out(recognised(table(noise, [("ee", 9.0), ("oO", 14.0)]))).text == ""
    mixed = [*sure("una línea que se lee bien"), ("¬", 20.0), ("§§", 90.0), ("xq", 3.0)]
    assert laid_out(recognised(table(mixed))).text == "una línea que se lee bien"


def test_a_line_that_tesseract_guessed_is_left_out_and_one_doubtful_word_is_not() -> None:
    doubtful = [*sure("el niño vio un"), ("pingúino", 41.0), *sure("en la nieve")]
    assert laid_out(recognised(table(doubtful))).text == "el niño vio un pingúino en la nieve"
    guessed = [("hht", 38.0), ("lli", 40.0), ("oov", 31.0)]
    assert laid_out(recognised(table(guessed))).text == ""


def test_figures_and_signs_of_a_text_stay() -> None:
    row = [*sure("el 40"), ("%", 92.0), *sure("de 1.200"), ("€", 88.0), ("=", 90.0), *sure("480")]
    assert laid_out(recognised(table(row))).text == "el 40 % de 1.200 € = 480"


def test_what_is_set_larger_is_a_heading_and_its_place_is_told() -> None:
    large = table(sure("La traducción automática"), height=60, tops=[100]).splitlines()
    small = table(*map(sure, FULL), tops=[260, 304, 348]).replace("\t1\t1\t1\t", "\t1\t2\t1\t").splitlines()[2:]
    found = laid_out(recognised("\n".join([*large, *small])))
    ((start, level),) = found.headings
    assert (start, level) == (0, 1)
    assert found.text.startswith("La traducción automática\n\nDurante años")


def test_a_table_that_is_cut_off_or_odd_costs_only_its_row() -> None:
    whole = table(sure("hola a todos"))
    assert laid_out(recognised(whole + "\n5\t1\t1")).text == "hola a todos"
    assert recognised("") == recognised("nothing of the kind\nat all") == []
