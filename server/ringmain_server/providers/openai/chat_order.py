"""Room 4, pure: arranges the messages of OpenAI's wire where a server or a model wants an order of its own.

Who says the instructions, where they may stand, and who speaks after whom differ by model: the template that
writes a conversation as a model's text refuses what it was not made for. A candidate's dialect says what is
wanted (`dialects.py`). Nothing of a conversation is left out: instructions that may not stand where they do
become text of the user between `<system>` tags, as at Google.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import takewhile

from ringmain_server.kinds.openai import Dialect, Turns
from ringmain_server.providers.openai.chat_parts import Object, text_part

_OPENING = "(The conversation begins.)"
"""A user's turn in front of a conversation that begins with the model."""
_TURN = "OK."
"""A turn of the model where it must speak, and did not."""
Write = Callable[[str], Object]
_BETWEEN = "\n"
"""Separator of texts that become one."""


def arranged(messages: Sequence[Object], dialect: Dialect) -> list[Object]:
    """Returns the messages of a chat completion as a dialect wants them.

    Args:
        messages: The messages. They may be changed.
        dialect: The form of the wire that the model accepts.
    """
    return _ORDERS[dialect.turns](instructed(messages, dialect, text_part))


def instructed(messages: Sequence[Object], dialect: Dialect, write: Write) -> list[Object]:
    """Returns messages with their instructions said by whom, and where, the dialect wants them.

    Args:
        messages: The messages of a chat completion, or the items of a response. They may be changed.
        dialect: The form of the wire that the model accepts.
        write: Writes a text as a part of a content.
    """
    opening = list(takewhile(_is_system, messages))
    later = messages[len(opening) :]
    only_first = (
        dialect.system_place == "first" or dialect.system_role == "user" or dialect.turns == "alternating"
    )
    if only_first:
        opening = _together(opening, write)
        later = [_tagged(one) if _is_system(one) else one for one in later]
    found = [*opening, *later]
    for message in found:
        if _is_system(message):
            message["role"] = dialect.system_role
    return found


def _is_system(message: Mapping[str, object]) -> bool:
    return message.get("role") in ("system", "developer")


def _tagged(message: Object) -> Object:
    """Returns an instruction as what the user says."""
    content = message["content"]
    if isinstance(content, str):
        return {"role": "user", "content": _tags(content)}
    parts = [{**part, "text": _tags(part["text"])} for part in _list(content)]
    return {"role": "user", "content": parts}


def _tags(text: object) -> str:
    return f"<system>\n{text}\n</system>"


def _list(content: object) -> Sequence[Object]:
    return content if isinstance(content, list) else ()


def _as_they_are(messages: list[Object]) -> list[Object]:
    return messages


def _answered(messages: list[Object]) -> list[Object]:
    """Returns the messages as Mistral wants them.

    The model has the turn between a tool and the user, and a last turn of its own is to be continued:
    https://docs.mistral.ai/api/#tag/chat.
    """
    found = list(_after_tools(messages))
    if found and found[-1].get("role") == "assistant" and "tool_calls" not in found[-1]:
        found[-1] = {**found[-1], "prefix": True}
    return found


def _alternating(messages: list[Object]) -> list[Object]:
    """Returns the messages so that the user and the model take turns, and the user begins.

    https://huggingface.co/docs/transformers/chat_templating: many templates count turns and refuse others.
    """
    opening = list(takewhile(_is_system, messages))
    rest = _together(_after_tools(messages[len(opening) :]), text_part)
    if rest and rest[0]["role"] == "assistant":
        rest.insert(0, {"role": "user", "content": _OPENING})
    return [*opening, *rest]


_ORDERS: Mapping[Turns, Callable[[list[Object]], list[Object]]] = {
    "any": _as_they_are,
    "answered": _answered,
    "alternating": _alternating,
}


def _after_tools(messages: Iterable[Object]) -> Iterator[Object]:
    """Yields the messages with a turn of the model between a tool and the user, or instructions."""
    before = ""
    for message in messages:
        if before == "tool" and message["role"] not in ("tool", "assistant"):
            yield {"role": "assistant", "content": _TURN}
        before = str(message["role"])
        yield message


def _together(messages: Iterable[Object], write: Write) -> list[Object]:
    """Returns the messages, of which those that one speaker says in a row are one. Results stay apart."""
    found: list[Object] = []
    for message in messages:
        role = message["role"]
        if found and found[-1]["role"] == role != "tool" and "tool_calls" not in found[-1]:
            content = _joined(found[-1]["content"], message["content"], write)
            found[-1] = {**found[-1], **message, "content": content}
        else:
            found.append(message)
    return found


def _joined(first: object, second: object, write: Write) -> object:
    """Returns two contents as one: as text where both are."""
    if not first or not second:
        return first or second
    if isinstance(first, str) and isinstance(second, str):
        return f"{first}{_BETWEEN}{second}"
    return [*_parts(first, write), *_parts(second, write)]


def _parts(content: object, write: Write) -> Sequence[Object]:
    return [write(content)] if isinstance(content, str) else _list(content)
