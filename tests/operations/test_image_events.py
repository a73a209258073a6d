"""Whole and streamed drawings are one thing in two shapes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1.content_pb2 import Media
from ringmain_server.operations.image_events import PIECE, chunks, fold, pieces, unfold

_IMAGE = st.builds(
    lambda data, mime_type, prompt, note: image_pb2.GeneratedImage(
        media=Media(data=data, mime_type=mime_type), revised_prompt=prompt, note=note
    ),
    st.binary(min_size=1, max_size=32),
    st.sampled_from(["image/png", "image/webp"]),
    st.text(max_size=5),
    st.text(max_size=5),
)


@given(st.lists(_IMAGE, max_size=4), st.booleans())
def test_fold_inverts_unfold(images: list[image_pb2.GeneratedImage], accounted: bool) -> None:
    """A response is the fold of its own events."""
    response = image_pb2.GenerateImagesResponse(response_id="resp_1", images=images)
    if accounted:
        response.usage.image_count = len(images)
        response.route.provider_id = "p"
    assert fold(unfold(response), image_pb2.GenerateImagesResponse) == response


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_bytes_come_in_pieces(size: int) -> None:
    """No piece is larger than the contract allows; the first has the type, the last one says so."""
    found = [event.chunk for event in chunks(2, "image/png", b"x" * size)]
    assert sum(len(chunk.data) for chunk in found) == size
    assert max(len(chunk.data) for chunk in found) <= PIECE
    assert [chunk.mime_type for chunk in found] == ["image/png"] + [""] * (len(found) - 1)
    assert [chunk.last for chunk in found] == [False] * (len(found) - 1) + [True]
    assert {chunk.image_index for chunk in found} == {2}


def test_previews_leave_no_trace() -> None:
    """Folding skips what is not part of the answer."""
    response = image_pb2.EditImagesResponse(images=[image_pb2.GeneratedImage(media=Media(data=b"a"))])
    preview = image_pb2.ImageEvent(preview=image_pb2.ImagePreview(media=Media(data=b"p")))
    assert fold([preview, *pieces(response)], image_pb2.EditImagesResponse) == response
