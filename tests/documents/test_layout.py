"""Tests of the layout of a page: no word is lost or invented, whatever stands where."""

import re
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from ringmain_server.documents import markdown
from ringmain_server.documents.boxes import Box, Word, rows_of, without
from ringmain_server.documents.content import PageContent, Picture, Text, page_markdown
from ringmain_server.documents.layout import Placed, body_size, page_blocks
from ringmain_server.documents.prose import pieces

SCENE = Picture(b"", "image/png", 1, 1, "scene")


def word(text: str, left: float, top: float, *, size: float = 10, bold: bool = False) -> Word:
    """A word at a place, as wide as its letters."""
    return Word(text, Box(left, top, left + len(text) * size / 2, top + size), size, bold)


def line(text: str, left: float, top: float, *, size: float = 10, bold: bool = False) -> list[Word]:
    """Words after each other."""
    words = []
    for piece in text.split():
        words.append(word(piece, left, top, size=size, bold=bold))
        left = words[-1].box.right + size / 4
    return words


def shown(words: list[Word], boxes: tuple[Box, ...] = (), pictures: tuple[Placed, ...] = ()) -> str:
    """A page of text of 10 points as Markdown."""
    return page_markdown(PageContent(1, page_blocks(words, boxes, pictures, 10)))


WORDS = st.builds(
    word,
    st.text("abcdefgh", min_size=1, max_size=8),
    st.floats(0, 500),
    st.floats(0, 700),
    size=st.sampled_from([8.0, 10.0, 12.0, 20.0]),
    bold=st.booleans(),
)
BOXES = st.builds(
    lambda left, top, width, height: Box(left, top, left + width, top + height),
    st.floats(0, 400),
    st.floats(0, 600),
    st.sampled_from([0.0, 1.0, 100.0, 200.0]),
    st.sampled_from([0.0, 1.0, 50.0, 100.0]),
)


@given(st.lists(WORDS, max_size=40), st.lists(BOXES, max_size=12))
@settings(max_examples=150)
def test_no_word_is_lost(words: list[Word], boxes: list[Box]) -> None:
    """Every word is in the Markdown as often as on the page, in headings, lists, tables and paragraphs."""
    found = re.findall(r"[a-h]+", shown(words, tuple(boxes)).replace("<br>", " "))
    assert Counter(found) == Counter(word.text for word in words)


@given(st.lists(WORDS, min_size=1, max_size=40))
def test_rows_hold_every_word(words: list[Word]) -> None:
    """Grouping words by height keeps each once, and each row goes from left to right."""
    rows = rows_of(words)
    assert Counter(word for row in rows for segment in row for word in segment.words) == Counter(words)
    for row in rows:
        lefts = [word.box.left for segment in row for word in segment.words]
        assert lefts == sorted(lefts)


def test_free_stretches_are_cut() -> None:
    """What a row stands over is free no more."""
    (row,) = rows_of([word("aaaa", 10, 0), word("bb", 80, 0)])
    assert without([(0, 100)], row) == [(0, 10), (30, 80), (90, 100)]
    assert without([(200, 300)], row) == [(200, 300)]


def test_three_columns() -> None:
    """More than two columns are read one after the other, too."""
    text = "aa bb cc dd ee"
    words = [
        found
        for column in range(3)
        for row in range(4)
        for found in line(text if row else f"col{column} {text}", 20 + column * 160, 100 + row * 12)
    ]
    markdown = shown(words)
    assert [markdown.index(f"col{column}") for column in range(3)] == sorted(
        markdown.index(f"col{column}") for column in range(3)
    )
    assert markdown.count("\n\n") <= 2


def test_text_beside_a_narrow_column() -> None:
    """Notes in the margin are read apart from the text beside them."""
    words = [found for row in range(6) for found in line("some words of the long text", 150, 100 + row * 12)]
    for row in (0, 2, 4):
        words += line("note", 20, 100 + row * 12)
    assert shown(words).startswith("note\n\nnote\n\nnote\n\nsome words")


def test_a_wrapped_cell_goes_on() -> None:
    """A row whose first cell is empty goes on with the row above it."""
    words = [
        *line("Name", 20, 100), *line("Note", 150, 100), *line("Year", 300, 100),
        *line("Ada", 20, 120), *line("wrote", 150, 120), *line("1843", 300, 120),
        *line("notes", 150, 132),
        *line("Alan", 20, 150), *line("thought", 150, 150), *line("1936", 300, 150),
    ]  # fmt: skip
    assert shown(words) == (
        "| Name | Note | Year |\n| --- | --- | --- |\n"
        "| Ada | wrote<br>notes | 1843 |\n| Alan | thought | 1936 |"
    )


def test_pictures_find_their_column() -> None:
    """A picture goes behind what stands above it in its own column, before all where nothing does."""
    words = [*line("upper", 20, 100), *line("lower", 20, 300)]
    places = {
        "first": Box(20, 0, 100, 50),
        "between": Box(20, 150, 100, 250),
        "last": Box(20, 400, 100, 450),
        "beside": Box(300, 200, 400, 250),
    }
    for name, box in places.items():
        blocks = page_blocks(words, (), (Placed(SCENE, box),), 10)
        at = blocks.index(SCENE)
        assert at == (0 if name == "first" else 1)
        assert len(blocks) == (2 if name in {"first", "last"} else 3)


def test_long_headings_are_one() -> None:
    """A heading of two lines is one, and a large line without a letter is none."""
    words = [*line("A long", 20, 100, size=20), *line("headline", 20, 122, size=20)]
    words += line("12345", 20, 200, size=20)
    assert shown(words) == "# A long headline\n\n12345"


def test_bullets_apart_from_their_text() -> None:
    """A bullet far from its text still begins its item."""
    words = [*line("•", 20, 100), *line("an item", 45, 100), *line("•", 20, 115), *line("another", 45, 115)]
    assert shown(words) == "- an item\n- another"


def test_words_parted_by_a_hyphen() -> None:
    """The sign of a parting hyphen goes when the word goes on, and is a hyphen when it does not."""
    rows = rows_of([*line("exam\ufffe", 20, 100), *line("ple", 20, 112)])
    assert [piece.markdown for piece in pieces([row[0] for row in rows], 10)] == ["example"]
    assert [piece.markdown for piece in pieces([rows[0][0]], 10)] == ["exam-"]
    assert list(pieces([], 10)) == []


def test_the_size_of_the_text() -> None:
    """The text's size is that of most characters, and a usual one where there is no text."""
    assert body_size([word("long text", 0, 0, size=9), word("Head", 0, 0, size=20)]) == 9
    assert body_size([]) == 11


def test_pieces_of_markdown() -> None:
    """What would be taken for something else is escaped, and an empty table is nothing."""
    assert markdown.paragraph("# no heading") == "\\# no heading"
    assert markdown.table([["", " "]]) == ""
    assert markdown.table([["a"], ["b", "c"]]) == "| a |  |\n| --- | --- |\n| b | c |"
    assert markdown.emphasized(" a ", bold=True, italic=True) == " ***a*** "
    assert markdown.heading("a\nb", 9) == "###### a b"


def test_descriptions_stand_for_pictures() -> None:
    """A picture without a description is told by what the document says of it, or not at all."""
    silent = Picture(b"", "image/png", 1, 1)
    page = PageContent(1, (Text("a"), SCENE, silent, Text("b")))
    assert page_markdown(page) == "a\n\n*[scene]*\n\nb"
    assert page_markdown(page, ["one", "two"]) == "a\n\none\n\ntwo\n\nb"
