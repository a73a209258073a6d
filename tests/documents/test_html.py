"""Tests of HTML and images as documents."""

import base64

import pytest
from ringmain_server.documents import DocumentLimits, Picture, Text, open_document, page_markdown
from ringmain_server.errors import MediaInvalid

from tests.fakes import pictures

SCENE = base64.b64encode(pictures.of_kind("image/png")).decode()
PAGE = f"""<!DOCTYPE html><html><head><title>no</title><style>p {{}}</style></head><body>
<!-- not seen --><h1>A title</h1><script>alert("no")</script>
<p>Some <b>bold</b> words and <a href="https://example.com/">a link</a>.</p>
<ul><li>apples<ul><li>red</li></ul></li><li>pears</li></ul><ol><li>one</li><li>two</li></ol>
<table><tr><th>Name</th><th>Age</th></tr><tr><td>Ada</td><td>36</td></tr></table>
<p>Before <img src="data:image/png;base64,{SCENE}" alt="the scene"> behind.</p>
<img src="https://example.com/secret.png" alt="a far picture"><img src="http://169.254.169.254/">
<img src="data:image/png;base64,!!!"><img src="data:,text" alt="words">
</body></html>"""


def test_a_page() -> None:
    """Text is Markdown in its order, pictures within are files, those at addresses are told in words."""
    document = open_document(PAGE.encode())
    assert (document.mime_type, document.page_count) == ("text/html", 1)
    page = document.page(1)
    assert [type(block) for block in page.blocks] == [Text, Picture, Text]
    assert pictures.shows_scene(pictures.opened(page.pictures[0].data))
    assert page_markdown(page) == (
        "# A title\n\nSome **bold** words and [a link](https://example.com/).\n\n"
        "- apples\n  - red\n- pears\n\n1. one\n2. two\n\n"
        "| Name | Age |\n| --- | --- |\n| Ada | 36 |\n\nBefore\n\n*[the scene]*\n\n"
        "behind.\n\n*[picture: a far picture]*\n*[a picture that cannot be shown: words]*"
    )
    document.close()


def test_what_has_no_signature() -> None:
    """Text that the caller calls HTML is read as HTML, and text that is called nothing is refused."""
    assert page_markdown(
        open_document(b"Hello <b>you</b>", mime_type="text/html; charset=utf-8").page(1)
    ) == ("Hello **you**")
    with pytest.raises(MediaInvalid, match=r"is plain text, said to be text/csv; allowed: PDF, DOCX"):
        open_document(b"a,b", mime_type="text/csv")


def test_marks_of_the_text_itself() -> None:
    """What looks like our own mark of a picture is nothing."""
    assert page_markdown(open_document("<p>a\ufdd07\ufdd1b</p>".encode()).page(1)) == "ab"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<p>" + b"<div>" * 5000 + b"x", "nested more than 200 elements deep; allowed: at most 200"),
        (b"<p>" + b"x" * 3000, "of 2.933 KiB; allowed: at most 2 KiB"),
    ],
)
def test_what_is_refused(data: bytes, words: str) -> None:
    """Deep nesting and too many bytes are refused."""
    most = 2048 if b"div" not in data else 100_000
    with pytest.raises(MediaInvalid, match=words):
        open_document(data, limits=DocumentLimits(max_html_bytes=most))


def test_a_page_cannot_be_drawn() -> None:
    """HTML as a picture is refused with what can be shown so."""
    with pytest.raises(MediaInvalid, match=r"is text/html, which has no pages .* allowed: PDF or images"):
        open_document(b"<p>x</p>").page_image(1)


def test_an_image() -> None:
    """An image is a page with one picture, which is the very bytes that came."""
    data = pictures.of_kind("image/jpeg")
    document = open_document(data, mime_type="application/pdf")
    assert (document.mime_type, document.page_count) == ("image/jpeg", 1)
    assert document.page_image(1).data is data
    assert document.page(1).blocks == (document.page_image(1),)
    document.close()


def test_a_fax() -> None:
    """A TIFF of several frames has a page for each."""
    scene = pictures.scene()
    data = pictures.saved(scene, "TIFF", save_all=True, append_images=[scene.convert("1")])
    document = open_document(data)
    assert document.page_count == 2
    assert pictures.shows_scene(pictures.opened(document.page_image(1).data))
    assert pictures.opened(document.page_image(2).data).mode == "L"
    with pytest.raises(IndexError):
        document.page_image(3)


def test_a_broken_image() -> None:
    """An image beyond a limit is refused as anywhere."""
    with pytest.raises(MediaInvalid, match=r"at most 32768 pixels on a side"):
        open_document(pictures.png_bomb())


def test_many_pictures() -> None:
    """Pictures beyond the page's limit, and decoration, are left out."""
    tiny = base64.b64encode(pictures.saved(pictures.scene((4, 4)), "PNG")).decode()
    image = f'<img src="data:image/png;base64,{SCENE}">'
    data = f'<p><img src="data:image/png;base64,{tiny}">{image * 5}</p>'.encode()
    assert len(open_document(data, limits=DocumentLimits(max_pictures=3)).page(1).pictures) == 2
    bomb = base64.b64encode(pictures.png_bomb()).decode()
    page = open_document(f'<p><img src="data:image/png;base64,{bomb}"></p>'.encode()).page(1)
    assert page_markdown(page) == "*[a picture that is too large or broken]*"
