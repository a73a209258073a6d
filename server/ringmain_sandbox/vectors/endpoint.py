"""Sandbox, pure: the embeddings of the OpenAI wire.

https://platform.openai.com/docs/api-reference/embeddings/create; `input_type` is the field in which other
servers of this wire take the purpose of the vectors. `images` is a field of its own.
"""

import base64
import sys
from array import array
from functools import partial

import orjson

from ringmain_sandbox import tokens
from ringmain_sandbox.pictures.files import read
from ringmain_sandbox.pictures.look import look
from ringmain_sandbox.prompt import PACING, check_fields
from ringmain_sandbox.question import Question
from ringmain_sandbox.refusal import bad_request
from ringmain_sandbox.script import Reply
from ringmain_sandbox.vectors.vector import vector

PATH = "/embeddings"
DIMENSIONS = 1536
"""The default number of dimensions."""
MOST_DIMENSIONS = 4096
MOST_TEXTS = 2048
_KNOWN = frozenset(
    {*PACING, "model", "input", "dimensions", "encoding_format", "user", "input_type", "images"}
)


def embed(question: Question) -> Reply:
    """Answers a request for vectors.

    Raises:
        RefusedError: It breaks the wire's rules.
    """
    body = question.received.body
    check_fields(body, _KNOWN)
    dimensions = _dimensions(body.get("dimensions"))
    seen = _images(body.get("images"))
    texts = [] if seen and body.get("input") == [] else _texts(body.get("input"))
    count = sum(tokens.count(text) for text in texts) + len(seen)
    texts += seen
    encoded = body.get("encoding_format") == "base64"
    purpose = question.text("input_type")
    data = [
        {
            "object": "embedding",
            "index": index,
            "embedding": _written(
                vector(text, dimensions, purpose=purpose, seed=question.seed), encoded=encoded
            ),
        }
        for index, text in enumerate(texts)
    ]
    answer = {
        "object": "list",
        "data": data,
        "model": f"sandbox-{question.received.model}",
        "usage": {"prompt_tokens": count, "total_tokens": count},
    }
    nothing = {**answer, "data": []}
    return Reply(len(texts), whole=partial(orjson.dumps, answer), nothing=partial(orjson.dumps, nothing))


def _texts(given: object) -> list[str]:
    texts = given if isinstance(given, list) else [given]
    found = [text for text in texts if isinstance(text, str) and text]
    if not texts or len(found) < len(texts):
        raise bad_request("input must be a text, or a list of texts, none of them empty.", "input")
    if len(texts) > MOST_TEXTS:
        raise bad_request(f"input must hold at most {MOST_TEXTS} texts.", "input")
    return found


def _images(given: object) -> list[str]:
    """Returns what is seen in each image, in words, so that a text is near the images it describes."""
    if given is None:
        return []
    images = [one for one in given if isinstance(one, str)] if isinstance(given, list) else []
    if not isinstance(given, list) or not len(images) == len(given) <= MOST_TEXTS:
        raise bad_request(f"images must be a list of at most {MOST_TEXTS} images in base64.", "images")
    return [" ".join(look(read(_decoded(one), "images")).labels) for one in images]


def _decoded(image: str) -> bytes:
    try:
        return base64.b64decode(image, validate=True)
    except ValueError:
        raise bad_request("images must be in base64.", "images") from None


def _dimensions(given: object) -> int:
    if given is None:
        return DIMENSIONS
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= MOST_DIMENSIONS:
        raise bad_request(f"dimensions must be from 1 to {MOST_DIMENSIONS}.", "dimensions")
    return given


def _written(values: "array[float]", *, encoded: bool) -> object:
    if not encoded:
        return values.tolist()
    if sys.byteorder == "big":
        values.byteswap()  # the wire's order is little-endian
    return base64.b64encode(values).decode()
