"""What a chat request needs of a model."""

import pytest
from google.protobuf.message import Message
from ringmain.v1 import chat_service_pb2 as pb
from ringmain.v1.content_pb2 import ROLE_TOOL, ROLE_USER, Media, Part, ToolResult
from ringmain.v1.embedding_service_pb2 import EmbedRequest
from ringmain.v1.generation_pb2 import (
    MODALITY_AUDIO,
    MODALITY_IMAGE,
    MODALITY_TEXT,
    REASONING_EFFORT_HIGH,
    CodeExecutionTool,
    FunctionTool,
    Tool,
    ToolMode,
    WebSearchTool,
)
from ringmain.v1.image_service_pb2 import (
    EditImagesRequest,
    InspectImageRequest,
    StreamImagesRequest,
    UpscaleImageRequest,
)
from ringmain.v1.model_service_pb2 import (
    CAPABILITY_AUDIO_INPUT,
    CAPABILITY_AUDIO_OUTPUT,
    CAPABILITY_CODE_EXECUTION,
    CAPABILITY_DOCUMENT,
    CAPABILITY_IMAGE_OUTPUT,
    CAPABILITY_JSON_SCHEMA,
    CAPABILITY_TOOLS,
    CAPABILITY_VISION,
    CAPABILITY_WEB_SEARCH,
)
from ringmain_server.catalog.capabilities import ALLOWED_DOMAINS, BLOCKED_DOMAINS, GOOGLE_STORAGE
from ringmain_server.operations import (
    CHAT,
    CLASSIFY_IMAGE,
    COUNT_TOKENS,
    EDIT_IMAGES,
    EMBED,
    STREAM_CHAT,
    STREAM_EDIT_IMAGES,
    UPSCALE_IMAGE,
)
from ringmain_server.operations.base import AnyOperation
from ringmain_server.operations.needs import CHAT_NEEDS, chat_needs

PNG = b"\x89PNG\r\n\x1a\n"
VISION = {CAPABILITY_VISION}
DOCUMENT = {CAPABILITY_DOCUMENT}
AUDIO = {CAPABILITY_AUDIO_INPUT}
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
        (Media(data=b"ID3"), AUDIO),
        (Media(data=b"x", mime_type="audio/wav"), AUDIO),
        (Media(uri="https://example.com/song.mp3"), AUDIO),
        (Media(data=b"x", mime_type="video/mp4"), NONE),
        (Media(data=b"something"), NONE),
        (Media(uri="gs://bucket/cat.png"), VISION | {GOOGLE_STORAGE}),
        (Media(uri="gs://bucket/clip.mp4"), {GOOGLE_STORAGE}),
    ],
)
def test_media_needs_what_reads_it(media: Media, needed: set[int]) -> None:
    """Images, documents and audio need a capability each; text goes as text, and video has no capability."""
    assert chat_needs(ask(Part(media=media))) == needed


@pytest.mark.parametrize(
    ("op", "request_"),
    [
        (EDIT_IMAGES, EditImagesRequest(images=[Media(data=PNG), Media(uri="gs://bucket/x.png")])),
        (EDIT_IMAGES, EditImagesRequest(mask=Media(uri="gs://bucket/x.png"))),
        (
            STREAM_EDIT_IMAGES,
            StreamImagesRequest(edit=EditImagesRequest(mask=Media(uri="gs://bucket/x.png"))),
        ),
        (UPSCALE_IMAGE, UpscaleImageRequest(image=Media(uri="gs://bucket/x.png"))),
        (CLASSIFY_IMAGE, InspectImageRequest(image=Media(uri="gs://bucket/x.png"))),
        (EMBED, EmbedRequest(media=[Media(uri="gs://bucket/x.png")])),
    ],
)
def test_googles_storage_is_needed_everywhere(op: AnyOperation, request_: Message) -> None:
    """An object in Google's storage needs a wire that carries its address, whatever is asked for."""
    assert op.needs(request_, True) == op.may_need == {GOOGLE_STORAGE}
    assert op.needs(type(request_)(), True) == NONE


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


def test_tools_that_the_provider_runs_are_needs_of_their_own() -> None:
    """A search and code need no model that calls tools; a restriction of a search must be kept to."""
    request = ask()
    request.tools.append(Tool(code_execution=CodeExecutionTool()))
    assert chat_needs(request) == {CAPABILITY_CODE_EXECUTION}
    request.tools.append(Tool(web_search=WebSearchTool(max_uses=3, country_code="DE")))
    assert chat_needs(request) == {CAPABILITY_CODE_EXECUTION, CAPABILITY_WEB_SEARCH}
    searching = ask()
    searching.tools.append(Tool(web_search=WebSearchTool(allowed_domains=["example.com"])))
    assert chat_needs(searching) == {CAPABILITY_WEB_SEARCH, ALLOWED_DOMAINS}
    searching.tools[0].web_search.ClearField("allowed_domains")
    searching.tools[0].web_search.blocked_domains.append("example.com")
    assert chat_needs(searching) == {CAPABILITY_WEB_SEARCH, BLOCKED_DOMAINS}


def test_the_modalities_of_the_answer_are_needs() -> None:
    """Images and speech must be written by somebody; text every model writes."""
    request = ask()
    request.generation_config.output_modalities.append(MODALITY_TEXT)
    assert chat_needs(request) == NONE
    request.generation_config.output_modalities.extend([MODALITY_IMAGE, MODALITY_AUDIO])
    assert chat_needs(request) == {CAPABILITY_IMAGE_OUTPUT, CAPABILITY_AUDIO_OUTPUT}


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
