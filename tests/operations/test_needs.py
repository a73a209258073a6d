"""What a chat request needs of a model."""

import pytest
from ringmain.v1 import chat_service_pb2 as pb
from ringmain.v1.content_pb2 import ROLE_TOOL, ROLE_USER, Media, Part, ToolResult
from ringmain.v1.generation_pb2 import REASONING_EFFORT_HIGH, FunctionTool, Tool, ToolMode
from ringmain.v1.model_service_pb2 import (
    CAPABILITY_DOCUMENT,
    CAPABILITY_JSON_SCHEMA,
    CAPABILITY_TOOLS,
    CAPABILITY_VISION,
)
from ringmain_server.operations import CHAT, COUNT_TOKENS, STREAM_CHAT
from ringmain_server.operations.needs import CHAT_NEEDS, chat_needs

PNG = b"\x89PNG\r\n\x1a\n"
VISION = {CAPABILITY_VISION}
DOCUMENT = {CAPABILITY_DOCUMENT}
NONE: set[int] = set()


def ask(*parts: Part) -> pb.ChatRequest:
    """A request of one user, text first."""
    request = pb.ChatRequest(model="m")
    request.messages.add(role=ROLE_USER, parts=[Part(text="Look"), *parts])
    return request


@pytest.mark.parametrize(
    ("media", "needed"),
    [
        (Media(data=PNG), VISION),
        (Media(data=b"x", mime_type="IMAGE/WebP; q=1"), VISION),
        (Media(uri="https://example.com/cat"), VISION),
        (Media(uri="https://example.com/cat.png?size=1"), VISION),
        (Media(data=b"%PDF-1.7"), DOCUMENT),
        (Media(uri="https://example.com/report.pdf"), DOCUMENT),
        (Media(uri="https://example.com/1", filename="report.pdf"), DOCUMENT),
        (
            Media(
                data=b"x", mime_type="application/vnd.openxmlformats-officedocument.wordprocessingml.document"
            ),
            DOCUMENT,
        ),
        (Media(data=b"x", mime_type="text/markdown"), NONE),
        (Media(data=b"{}", mime_type="application/json"), NONE),
        (Media(data=b"ID3"), NONE),
        (Media(data=b"something"), NONE),
    ],
)
def test_media_needs_vision_or_documents(media: Media, needed: set[int]) -> None:
    """Images need vision and documents need document; text goes as text, and audio has no capability."""
    assert chat_needs(ask(Part(media=media))) == needed


def test_media_of_tool_results_counts() -> None:
    """A picture that a tool gave back needs vision like any other; a call or reasoning needs nothing."""
    request = ask()
    inner = [Part(text="seen"), Part(media=Media(data=PNG))]
    request.messages.add(role=ROLE_TOOL, parts=[Part(tool_result=ToolResult(parts=inner))])
    request.messages.add(role=ROLE_USER).parts.add().reasoning.text = "hm"
    request.messages.add(role=ROLE_USER).parts.add().tool_call.name = "f"
    assert chat_needs(request) == VISION


def test_declared_tools_and_a_schema_are_needs() -> None:
    """Tools are needed as soon as they are declared, and a schema is the shape an answer must have."""
    request = ask()
    request.tools.append(Tool(function=FunctionTool(name="f")))
    request.generation_config.response_format.json_schema.schema_json = "{}"
    assert chat_needs(request) == {CAPABILITY_TOOLS, CAPABILITY_JSON_SCHEMA}


def test_knobs_are_no_needs() -> None:
    """A knob that a provider lacks is ignored: effort, any JSON object, a tool mode without tools."""
    request = ask()
    request.generation_config.reasoning_effort = REASONING_EFFORT_HIGH
    request.generation_config.response_format.json_object.SetInParent()
    request.tool_choice.mode = ToolMode.TOOL_MODE_NONE
    assert chat_needs(request) == NONE


def test_plain_text_needs_nothing() -> None:
    """A conversation in text alone needs nothing but chat."""
    assert chat_needs(ask()) == NONE


def test_only_media_and_results_of_tools_make_one_look_closer() -> None:
    """A conversation of text, reasoning and calls of tools is told by one look to hold no media."""
    request = ask()
    request.messages.add(role=ROLE_USER).parts.add().reasoning.text = "hm"
    request.messages.add(role=ROLE_USER).parts.add().tool_call.name = "f"
    assert not CHAT.may_hold_media(request)
    assert not COUNT_TOKENS.may_hold_media(pb.CountTokensRequest(chat=request))
    assert CHAT.may_hold_media(ask(Part(media=Media(uri="https://example.com/cat"))))
    assert CHAT.may_hold_media(ask(Part(tool_result=ToolResult(parts=[Part(media=Media(data=PNG))]))))


def test_every_chat_operation_knows_its_needs() -> None:
    """Whole, streamed and counted chats need the same, and nothing that the operation does not announce."""
    request = ask(Part(media=Media(data=PNG)))
    counted = pb.CountTokensRequest(chat=request)
    assert CHAT.needs(request, True) == STREAM_CHAT.needs(request, True) == VISION
    assert COUNT_TOKENS.needs(counted, True) == VISION
    assert CHAT.input_tokens(request) == COUNT_TOKENS.input_tokens(counted) > 1000
    assert CHAT.may_need == STREAM_CHAT.may_need == COUNT_TOKENS.may_need == CHAT_NEEDS >= VISION
