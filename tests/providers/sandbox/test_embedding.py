"""Embeddings over the sandbox's wire."""

from operator import mul
from typing import Any

import orjson
import PIL.Image
import pytest
from ringmain.v1 import embedding_service_pb2 as pb
from ringmain.v1.content_pb2 import Media
from ringmain_server.candidate import Candidate
from ringmain_server.errors import MalformedAnswer, MediaInvalid, Rejected
from ringmain_server.operations import EMBED
from ringmain_server.providers.sandbox.embedding import EmbedTranslator
from ringmain_server.providers.transport import HttpRequest

from tests.fakes.pictures import saved
from tests.providers.sandbox.bench import Bench
from tests.providers.sandbox.uploads import texts

BOX = Candidate("box", "sandbox", "embed")


async def test_vectors_come_in_the_order_of_the_texts() -> None:
    """Each text has its vector, the same one alone and in company; tokens are counted."""
    together = await Bench().whole(EMBED, "embed", texts("one two", "three"))
    alone = await Bench().whole(EMBED, "embed", texts("three"))
    assert together.embeddings[1] == alone.embeddings[0]
    assert [len(one.values) for one in together.embeddings] == [1536, 1536]
    assert together.usage.input_token_count == 3


async def test_dimensions_and_purpose_reach_the_wire() -> None:
    """As many numbers as asked for, and another vector for another purpose."""
    query, document = [
        await Bench().whole(EMBED, "embed", texts("a fox", dimension_count=64, purpose=purpose))
        for purpose in (pb.EMBEDDING_PURPOSE_QUERY, pb.EMBEDDING_PURPOSE_DOCUMENT)
    ]
    assert len(query.embeddings[0].values) == 64
    assert query.embeddings[0] != document.embeddings[0]


async def test_numbers_and_base64_are_the_same_vector() -> None:
    """Without a wish for base64, vectors are lists of numbers; one text needs no list."""
    answers = [
        orjson.loads(await Bench().transport.send(HttpRequest("/embeddings", body)))
        for body in ({"model": "embed", "input": "a fox"}, {"model": "embed", "input": ["a fox"]})
    ]
    assert answers[0]["data"] == answers[1]["data"]
    typed = await Bench().whole(EMBED, "embed", texts("a fox"))
    assert answers[0]["data"][0]["embedding"] == pytest.approx(list(typed.embeddings[0].values))


async def test_options_win_over_the_configuration() -> None:
    """A caller's own fields go to the wire as they are."""
    request = texts("a fox", dimension_count=64)
    request.embedding_config.provider_options["sandbox"].update({"dimensions": 32})
    answer = await Bench().whole(EMBED, "embed", request)
    assert len(answer.embeddings[0].values) == 32


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"input": []}, "input must"),
        ({"input": ["a", ""]}, "input must"),
        ({"input": 3}, "input must"),
        ({"input": ["a"] * 2049}, "at most 2048"),
        ({"dimensions": 0}, "from 1 to 4096"),
        ({"dimensions": True}, "from 1 to 4096"),
        ({"dimension": 5}, "mean dimensions"),
    ],
)
async def test_what_breaks_the_wire_is_refused(fields: dict[str, Any], words: str) -> None:
    """A 400 says what is wrong."""
    with pytest.raises(Rejected, match=words):
        await Bench().transport.send(HttpRequest("/embeddings", {"model": "embed", "input": "a", **fields}))


@pytest.mark.parametrize(
    "raw",
    [
        b"<html>",
        b"[]",
        b"{}",
        b'{"data":[]}',
        b'{"data":[{}]}',
        b'{"data":[{"embedding":"?"},{"embedding":"AAAA"}]}',
        b'{"data":[{"embedding":"AAAAAAA="},{"embedding":"AAAAAAA="}]}',
        b'{"data":[{"embedding":"AAAAAA=="}]}',
    ],
)
def test_malformed_answers_are_errors(raw: bytes) -> None:
    """Whatever is not two vectors is a malformed answer."""
    with pytest.raises(MalformedAnswer):
        EmbedTranslator().response(raw, texts(), BOX)


async def test_a_picture_is_near_the_words_that_describe_it() -> None:
    """Vectors of media come after those of texts, in the same space, and are counted."""
    request = texts("green", "blue")
    for color in ("green", "blue"):
        image = PIL.Image.new("RGB", (32, 32), color)
        request.media.add(mime_type="image/png", data=saved(image, "PNG"))
    answer = await Bench().whole(EMBED, "embed", request)
    green, blue, *pictures = [list(one.values) for one in answer.embeddings]
    for picture, near, far in zip(pictures, (green, blue), (blue, green), strict=True):
        assert sum(map(mul, picture, near)) > sum(map(mul, picture, far))
    assert answer.usage.input_token_count == 4
    request.ClearField("texts")
    alone = await Bench().whole(EMBED, "embed", request)
    assert list(alone.embeddings) == list(answer.embeddings)[2:]


async def test_what_cannot_be_embedded_is_named() -> None:
    """Media other than images are refused before anything is sent, and broken images by the wire."""
    for medium in (Media(data=b"%PDF-1.7"), Media(uri="https://example.com/a.png")):
        with pytest.raises(MediaInvalid) as refused:
            await Bench().whole(EMBED, "embed", pb.EmbedRequest(media=[medium]))
        assert refused.value.violations[0].field == "media[0]"
    for images in (["?"], ["AAAA"], [1], "AAAA"):
        with pytest.raises(Rejected, match="images"):
            body = {"model": "embed", "input": [], "images": images}
            await Bench().transport.send(HttpRequest("/embeddings", body))
