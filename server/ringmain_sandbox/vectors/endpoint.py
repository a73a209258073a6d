"""Sandbox, pure: the embeddings of the OpenAI wire.

https://platform.openai.com/docs/api-reference/embeddings/create; `input_type` is the field in which other
servers of this wire take the purpose of the vectors.
"""

import base64
import sys
from array import array
from functools import partial

import orjson

from ringmain_sandbox import tokens
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
_KNOWN = frozenset({*PACING, "model", "input", "dimensions", "encoding_format", "user", "input_type"})


def embed(question: Question) -> Reply:
    """Answers a request for vectors.

    Raises:
        RefusedError: It breaks the wire's rules.
    """
    body = question.received.body
    check_fields(body, _KNOWN)
    texts, dimensions = _texts(body.get("input")), _dimensions(body.get("dimensions"))
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
    count = sum(tokens.count(text) for text in texts)
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
