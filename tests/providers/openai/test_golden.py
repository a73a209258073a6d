"""Tests of the chat translators against their golden files, whole and streamed."""

import pytest
from google.protobuf.json_format import ParseDict
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain_server.kinds import KINDS, OpenAIKind, openai_kind
from ringmain_server.operations.chat_fold import fold
from ringmain_server.providers.json_base64 import plain
from ringmain_server.providers.openai.chat import OpenAIChatTranslator, OpenAIStreamChatTranslator

from tests.providers.openai import golden
from tests.providers.openai.golden import Golden, goldens


def named(found: list[Golden]) -> list[str]:
    """Their names, for the report."""
    return [one.name for one in found]


@pytest.mark.parametrize("golden_file", goldens("body"), ids=named(goldens("body")))
def test_requests(golden_file: Golden) -> None:
    """A request becomes the body that its golden file shows."""
    request = ParseDict(golden_file.content["request"], ChatRequest())
    translator = OpenAIChatTranslator(golden_file.wire)
    sent = translator.request(request, golden_file.candidate)
    assert sent.path == "/chat/completions"
    assert sent.headers == {}
    assert plain(sent.body) == golden_file.content["body"]


@pytest.mark.parametrize("golden_file", goldens("body"), ids=named(goldens("body")))
def test_streamed_requests(golden_file: Golden) -> None:
    """A streamed request differs in `stream`, in asking for the usage, and in forbidding compression."""
    request = ParseDict(golden_file.content["request"], ChatRequest())
    translator = OpenAIStreamChatTranslator(golden_file.wire)
    sent = translator.request(request, golden_file.candidate)
    expected = {**golden_file.content["body"], "stream": True}
    options = golden_file.content.get("stream_options", golden.USAGE)
    assert plain(sent.body) == (expected if options is None else {**expected, "stream_options": options})
    assert sent.headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("golden_file", goldens("answer"), ids=named(goldens("answer")))
def test_whole_answers(golden_file: Golden) -> None:
    """A whole answer becomes the response that its golden file shows."""
    raw = golden.event_data(golden_file.content["answer"])
    assert golden.answer(raw, golden_file.kind) == golden_file.response


@pytest.mark.parametrize("golden_file", goldens("stream"), ids=named(goldens("stream")))
def test_streamed_answers(golden_file: Golden) -> None:
    """A streamed answer folds to the same response, read at once or byte by byte."""
    raw = golden_file.stream
    assert fold(golden.events(raw, kind=golden_file.kind)) == golden_file.response
    assert fold(golden.events(raw, tuple(range(len(raw))), golden_file.kind)) == golden_file.response


def test_every_dialect_has_a_golden_file() -> None:
    """No dialect goes untested; kinds of the same dialect may share their files."""
    tried = [openai_kind(one.kind).dialect for one in goldens("body")]
    assert all(kind.dialect in tried for kind in KINDS.values() if isinstance(kind, OpenAIKind))
