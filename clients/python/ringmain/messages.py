"""Client: messages of a conversation from plain Python."""

import dataclasses
import json
import mimetypes
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal, TypeAlias, overload

from ringmain._choice import choose, refuse_unknown
from ringmain.answer import Answer, ToolCall
from ringmain.v1 import content_pb2 as pb

Source: TypeAlias = str | bytes | Path
"""The source of an image or document: its address (`https://…`), its path, or its bytes."""

Content: TypeAlias = (
    str | bytes | Path | pb.Media | pb.Part | pb.ToolCall | pb.Reasoning | pb.ProviderToolCall
)
"""A piece of a turn: text as `str`, a file as `Path` or `bytes`, or a message of the contract."""

Turn: TypeAlias = str | pb.Message | Answer | Mapping[str, object]
"""One turn: the user's text, a message, an answer, or a dict such as
`{"role": "user", "content": "…"}`."""

Detail: TypeAlias = Literal["low", "high"]

_DETAILS: Final = {"low": pb.IMAGE_DETAIL_LOW, "high": pb.IMAGE_DETAIL_HIGH}
_TURN_KEYS: Final = ("role", "content", "tool_call_id", "failed")


def user(*content: Content) -> pb.Message:
    """Returns a message of the user.

    Args:
        content: Texts, files and media, in order: `user("What is this?", Path("cat.png"))`.
    """
    return _message(pb.ROLE_USER, content)


def assistant(*content: Content) -> pb.Message:
    """Returns a message of a model. For an answer of this client, use `Answer.message`."""
    return _message(pb.ROLE_ASSISTANT, content)


def system(*content: Content) -> pb.Message:
    """Returns a message with instructions to the model."""
    return _message(pb.ROLE_SYSTEM, content)


def tool_result(call: str | ToolCall | pb.ToolCall, value: object, *, failed: bool = False) -> pb.Message:
    """Returns a message with the result of a tool.

    Args:
        call: The tool call that the result belongs to, or its id.
        value: A text, a file or media as in `user`. Anything else is sent as JSON.
        failed: Whether the tool failed. `value` then describes the failure.

    Raises:
        TypeError: The value has no JSON form.
    """
    result = pb.ToolResult(tool_call_id=_call_id(call), parts=[_result_part(value)], failed=failed)
    return pb.Message(role=pb.ROLE_TOOL, parts=[pb.Part(tool_result=result)])


@overload
def image(source: Source, *, detail: None = None, mime_type: str = "") -> pb.Media: ...
@overload
def image(source: Source, *, detail: Detail, mime_type: str = "") -> pb.Part: ...
def image(source: Source, *, detail: Detail | None = None, mime_type: str = "") -> pb.Media | pb.Part:
    """Returns an image to send.

    Args:
        source: The https address, the path or the bytes.
        detail: The level of detail in which the model sees the image.
        mime_type: The media type. Empty means that the gateway detects it.

    Returns:
        The image; with a `detail`, a part of a message, because the detail belongs to the part.

    Raises:
        OSError: The file cannot be read.
    """
    media = _media(source, mime_type)
    return media if detail is None else pb.Part(media=media, image_detail=image_detail(detail))


def image_detail(name: str) -> pb.ImageDetail.ValueType:
    """Returns the level of detail with a name, `low` or `high`.

    Raises:
        ValueError: The name is unknown.
    """
    return choose("detail", name, _DETAILS)


def document(source: Source, *, filename: str = "", mime_type: str = "") -> pb.Media:
    """Returns a document to send, such as a PDF.

    Args:
        source: The https address, the path or the bytes.
        filename: The name that the model sees. Empty means the name in `source`, if there is one.
        mime_type: The media type. Empty means that it is guessed from the name, or that the gateway
            detects it.

    Raises:
        OSError: The file cannot be read.
    """
    name = filename or ("" if isinstance(source, bytes) else Path(source).name)
    media = _media(source, mime_type or mimetypes.guess_type(name)[0] or "")
    media.filename = name
    return media


def conversation(turns: Turn | Sequence[Turn]) -> list[pb.Message]:
    """Returns the messages of a question or a conversation.

    Raises:
        TypeError: A turn has a type that cannot be a turn.
        ValueError: A dict has an unknown role or key.
    """
    if isinstance(turns, (str, pb.Message, Answer, Mapping)):
        return [_turn(turns)]
    return [_turn(turn) for turn in turns]


def part(content: Content) -> pb.Part:
    """Returns a piece of a turn as a part of a message.

    Raises:
        TypeError: The content has a type that a turn cannot hold.
    """
    match content:
        case str():
            return pb.Part(text=content)
        case bytes():
            return pb.Part(media=image(content))
        case Path():
            return pb.Part(media=_file(content))
        case pb.Part():
            return content
        case pb.Media():
            return pb.Part(media=content)
        case pb.ToolCall():
            return pb.Part(tool_call=content)
        case pb.Reasoning():
            return pb.Part(reasoning=content)
        case pb.ProviderToolCall():
            return pb.Part(provider_tool_call=content)
    raise TypeError(f"a turn cannot hold {type(content).__name__}: {content!r:.80}")


def _message(role: pb.Role.ValueType, content: Iterable[Content]) -> pb.Message:
    return pb.Message(role=role, parts=[part(piece) for piece in content])


def _turn(turn: object) -> pb.Message:
    match turn:
        case pb.Message():
            return turn
        case str():
            return user(turn)
        case Answer():
            return turn.message
        case Mapping():
            return _from_dict(turn)
    raise TypeError(f"not a turn of a conversation: {turn!r:.80}")


_ROLES: Final[Mapping[str, Callable[..., pb.Message]]] = {
    "user": user,
    "assistant": assistant,
    "system": system,
    "tool": tool_result,
}


def _from_dict(turn: Mapping[str, object]) -> pb.Message:
    refuse_unknown("a message", turn, _TURN_KEYS)
    role, content = str(turn.get("role", "")), turn.get("content", "")
    build = choose("role", role, _ROLES)
    if build is tool_result:
        return tool_result(str(turn.get("tool_call_id", "")), content, failed=bool(turn.get("failed")))
    return build(*content) if isinstance(content, (list, tuple)) else build(content)


def _media(source: Source, mime_type: str) -> pb.Media:
    if isinstance(source, bytes):
        return pb.Media(mime_type=mime_type, data=source)
    if isinstance(source, str) and "://" in source:
        return pb.Media(mime_type=mime_type, uri=source)
    return pb.Media(mime_type=mime_type, data=Path(source).read_bytes())


def _file(path: Path) -> pb.Media:
    mime_type = mimetypes.guess_type(path.name)[0] or ""
    return image(path) if mime_type.startswith("image/") else document(path)


def _call_id(call: str | ToolCall | pb.ToolCall) -> str:
    if isinstance(call, ToolCall):
        return call.id
    return call if isinstance(call, str) else call.tool_call_id


def _result_part(value: object) -> pb.Part:
    if isinstance(value, (str, bytes, Path, pb.Part, pb.Media)):
        return part(value)
    return pb.Part(text=json.dumps(value, ensure_ascii=False, default=_plain))


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    raise TypeError(f"a tool result cannot hold {type(value).__name__}: {value!r:.80}")
