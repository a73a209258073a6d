"""Room 3, pure: what a chat request needs of a model, according to the contract.

`generation.proto` draws the line: a knob that a provider does not have is ignored, a part or tool that it
cannot take is an error, and so is an answer without what was asked for. So images, documents, audio, declared
tools and the modalities of the answer are needs, and the effort to reason with is not. Neither is
`json_object`: a model that lacks it is asked in words alone, and mostly obeys. `json_schema` is a need
although it sits among the knobs: it is "the shape the answer must have", and a success of another shape would
break that promise. The domains to which a web search is restricted are needs too: dropped, they would be a
leak. So is an object in Google's storage, which no other provider can read.
"""

import mimetypes
from urllib.parse import urlsplit

from google.protobuf.message import Message
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.content_pb2 import Media, Part
from ringmain.v1.generation_pb2 import MODALITY_AUDIO, MODALITY_IMAGE, Tool
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

from ringmain_server.catalog.capabilities import (
    ALLOWED_DOMAINS,
    BLOCKED_DOMAINS,
    GOOGLE_STORAGE,
    WIRE_FEATURES,
)
from ringmain_server.media.detect import detect
from ringmain_server.media.walk import any_media

NOTHING: frozenset[int] = frozenset()
CHAT_NEEDS: frozenset[int] = WIRE_FEATURES | {
    CAPABILITY_VISION,
    CAPABILITY_TOOLS,
    CAPABILITY_JSON_SCHEMA,
    CAPABILITY_DOCUMENT,
}
"""Everything that `chat_needs` may find."""

MEDIA_NEEDS: frozenset[int] = frozenset({GOOGLE_STORAGE})
"""Everything that `media_needs` may find."""
_GS = "gs://"
_MODALITIES = {MODALITY_IMAGE: CAPABILITY_IMAGE_OUTPUT, MODALITY_AUDIO: CAPABILITY_AUDIO_OUTPUT}
_DOCUMENTS = frozenset({"application/pdf", "application/msword", "application/epub+zip", "application/rtf"})
_OFFICE = ("application/vnd.openxmlformats-officedocument.", "application/vnd.oasis.opendocument.")


def may_hold_media(request: ChatRequest) -> bool:
    """Whether a chat request may hold media: it does, or it has the result of a tool, which may hold some."""
    for message in request.messages:
        for part in message.parts:
            # Nearly every part is text: one look is enough for it.
            if not part.HasField("text") and (part.HasField("media") or part.HasField("tool_result")):
                return True
    return False


def media_needs(request: Message, may_hold_media: bool = True) -> frozenset[int]:
    """Returns what the media of a request need besides the operation's own capability.

    Args:
        request: Any request.
        may_hold_media: Whether it may hold media.
    """
    return MEDIA_NEEDS if may_hold_media and any_media(request, _is_in_storage) else NOTHING


def _is_in_storage(media: Media) -> bool:
    return media.uri.startswith(_GS)


def chat_needs(request: ChatRequest, media: bool = True) -> frozenset[int]:
    """Returns what a chat request needs besides `CAPABILITY_CHAT`: values of `Capability` and `UNLISTED`.

    Args:
        request: The request.
        media: Whether it may hold media. Its messages are not looked through where it holds none.
    """
    if not media and not request.tools and not request.HasField("generation_config"):
        return NOTHING  # nearly every request
    needs: set[int] = set()
    if media:
        needs.update(*(_part_needs(part) for message in request.messages for part in message.parts))
    for tool in request.tools:
        needs.update(_tool_needs(tool))
    config = request.generation_config
    if config.response_format.HasField("json_schema"):
        needs.add(CAPABILITY_JSON_SCHEMA)
    if config.output_modalities:
        needs.update(_MODALITIES[one] for one in config.output_modalities if one in _MODALITIES)
    return frozenset(needs) if needs else NOTHING


def _tool_needs(tool: Tool) -> set[int]:
    if tool.HasField("code_execution"):
        return {CAPABILITY_CODE_EXECUTION}
    if not tool.HasField("web_search"):
        return {CAPABILITY_TOOLS}
    needs: set[int] = {CAPABILITY_WEB_SEARCH}
    if tool.web_search.allowed_domains:
        needs.add(ALLOWED_DOMAINS)
    if tool.web_search.blocked_domains:
        needs.add(BLOCKED_DOMAINS)
    return needs


def _part_needs(part: Part) -> set[int]:
    if part.HasField("media"):
        return _media_needs(part.media)
    if part.HasField("tool_result"):
        return {need for inner in part.tool_result.parts for need in _part_needs(inner)}
    return set()


def _media_needs(media: Media) -> set[int]:
    return {*_kind_needs(media), *(MEDIA_NEEDS if _is_in_storage(media) else ())}


def _kind_needs(media: Media) -> set[int]:
    """Returns what a medium needs by its kind.

    Text files go as text, which every model reads; for video there is no capability.
    """
    mime_type = _mime_type(media)
    # An address that says nothing is taken for an image by every provider.
    if mime_type.startswith("image/") or (not mime_type and media.uri):
        return {CAPABILITY_VISION}
    if mime_type.startswith("audio/"):
        return {CAPABILITY_AUDIO_INPUT}
    if mime_type in _DOCUMENTS or mime_type.startswith(_OFFICE):
        return {CAPABILITY_DOCUMENT}
    return set()


def _mime_type(media: Media) -> str:
    if media.mime_type:
        return media.mime_type.partition(";")[0].strip().lower()
    if data := media.data:
        return detect(data)
    return mimetypes.guess_type(media.filename or urlsplit(media.uri).path)[0] or ""
