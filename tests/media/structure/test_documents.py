"""Tests of what looks into documents, on files that are damaged."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server.documents.bounds import CHECKS, check_document
from ringmain_server.errors import MediaInvalid
from ringmain_server.media.limits import READ_LIMITS

from tests.fakes.document_bombs import GOOD
from tests.fakes.pdf_bombs import PDF_BOMBS

_FILES = {
    **{kind: [make()] for kind, make in GOOD.items()},
    "application/pdf": [
        GOOD["application/pdf"](),
        *(
            PDF_BOMBS[name]()
            for name in ("media box in an object stream", "JPEG, packed", "JPEG", "JBIG2", "forms")
        ),
    ],
}


@given(st.sampled_from(sorted(CHECKS)), st.data())
def test_damage_never_breaks_a_reader(mime_type: str, data: st.DataObject) -> None:
    """A document that is cut or changed anywhere is let through or refused, never a failure of ours."""
    damaged = bytearray(data.draw(st.sampled_from(_FILES[mime_type])))
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(damaged[: data.draw(st.integers(1, len(damaged)))])
    with suppress(MediaInvalid):
        check_document(cut, mime_type, field="document", read=READ_LIMITS)


@pytest.mark.parametrize("first", [b"0", b"99999999", b"4"])
def test_an_object_stream_without_objects(first: bytes) -> None:
    """It is passed over."""
    data = PDF_BOMBS["object stream"]().replace(b"/First 4", b"/First " + first)
    with suppress(MediaInvalid):
        check_document(data, "application/pdf", field="document", read=READ_LIMITS)
