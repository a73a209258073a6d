"""Client: turns of a conversation from plain Python."""

import dataclasses
import json
import mimetypes
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal, TypeAlias

from ringmain._choice import choose, refuse_unknown
from ringmain.answer import Answer, ToolCall
from ringmain.v1 import content_pb2 as pb

Source: TypeAlias = str | bytes | Path
"""Where an image or document is: an address (`https://…`), a path, or its bytes."""

Content: TypeAlias = str | bytes | Path | pb.Media | pb.Part | pb.ToolCall | pb.Reasoning
"""What a turn holds: text as `str`, a file as `Path` or `bytes`, or a part of the contract."""

Turn: TypeAlias = str | pb.Message | Answer | Mapping[str, object]
"""One turn: the user's text, a message, an answer, or a dict such as
`{"role": "user", "content": "…"}`."""

Detail: TypeAlias = Literal["low", "high"]

_DETAILS: Final = {"low": pb.IMAGE_DETAIL_LOW, "high": pb.IMAGE_DETAIL_HIGH}
_TURN_KEYS: Final = ("role", "content", "tool_call_id", "failed")


def user(*content: Content) -> pb.Message:
    """Return what the user says.

    Args:
        content: Text, files and media, in order: `user("What is this?", Path("cat.png"))`.
    """
    return _message(pb.ROLE_USER, content)


def assistant(*content: Content) -> pb.Message:
    """Return what a model said. For an answer of this client, take `Answer.message`."""
    return _message(pb.ROLE_ASSISTANT, content)


def system(*content: Content) -> pb.Message:
    """Return instructions to the model."""
    return _message(pb.ROLE_SYSTEM, content)


def tool_result(call: str | ToolCall | pb.ToolCall, value: object, *, failed: bool = False) -> pb.Message:
    """Return what running a tool gave.

    Args:
        call: The call this answers, or its id.
        value: Text, a file or media as in `user`; anything else is sent as JSON.
        failed: Whether the tool failed; `value` then says how.

    Raises:
        TypeError: The value has no JSON form.
    """
    result = pb.ToolResult(tool_call_id=_call_id(call), parts=[_result_part(value)], failed=failed)
    return pb.Message(role=pb.ROLE_TOOL, parts=[pb.Part(tool_result=result)])


def image(source: Source, *, detail: Detail | None = None, mime_type: str = "") -> pb.Media:
    """Return an image.

    Args:
        source: Its https address, its path or its bytes.
        detail: How closely the model looks at it.
        mime_type: Its media type. Empty lets the gateway detect it.

    Raises:
        OSError: The file cannot be read.
    """
    media = _media(source, mime_type)
    if detail is not None:
        media.detail = choose("detail", detail, _DETAILS)
    return media


def document(source: Source, *, filename: str = "", mime_type: str = "") -> pb.Media:
    """Return a document, such as a PDF.

    Args:
        source: Its https address, its path or its bytes.
        filename: Its name, for the model. Empty means the name in `source`, if there is one.
        mime_type: Its media type. Empty means the one its name stands for, else detect.

    Raises:
        OSError: The file cannot be read.
    """
    name = filename or ("" if isinstance(source, bytes) else Path(source).name)
    media = _media(source, mime_type or mimetypes.guess_type(name)[0] or "")
    media.filename = name
    return media


def conversation(turns: Turn | Sequence[Turn]) -> list[pb.Message]:
    """Return the messages of a question or a conversation.

    Raises:
        TypeError: Something in it is no turn.
        ValueError: A dict has an unknown role or key.
    """
    if isinstance(turns, (str, pb.Message, Answer, Mapping)):
        return [_turn(turns)]
    return [_turn(turn) for turn in turns]


def part(content: Content) -> pb.Part:
    """Return one piece of a turn.

    Raises:
        TypeError: It is nothing that a turn can hold.
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
