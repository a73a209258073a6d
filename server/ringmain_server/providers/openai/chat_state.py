"""Room 4, pure: what a server of chat completions wants back with a part, as the part's signature.

It is the reasoning of OpenRouter in its own form (https://openrouter.ai/docs/use-cases/reasoning-tokens), the
id of speech that OpenAI keeps (https://platform.openai.com/docs/guides/audio), and what Google's endpoint has
beside a call (https://ai.google.dev/gemini-api/docs/thought-signatures#openai). The signature holds JSON
after a marker that distinguishes it from those of other wires. It comes back from callers, who can write
anything into it.
"""

from collections.abc import Mapping, Sequence

from ringmain.v1.content_pb2 import Part

from ringmain_server.providers.foreign import is_foreign
from ringmain_server.providers.openai.chat_parts import Object
from ringmain_server.providers.state_json import read_state, write_state

_MARK = b"chat:"
_LARGEST = 4 << 20
"""Most bytes of a signature that is read."""
DETAIL = frozenset({"type", "text", "summary", "data", "signature", "id", "format", "index"})
"""The fields of a detail of reasoning."""
_JOINED = ("text", "summary", "data")
"""Fields of a detail that come in pieces."""


class Details:
    """The details of an answer's reasoning, joined where a stream sends them in pieces."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        self._found: dict[tuple[object, object], Object] = {}

    def add(self, details: object) -> None:
        """Adds details, or pieces of them; ignores what is of no known shape."""
        for position, detail in enumerate(details if isinstance(details, list) else ()):
            if isinstance(detail, Mapping) and _is_flat(detail):
                key = (detail.get("type"), detail.get("index", position))
                joined = self._found.setdefault(key, {})
                for name, value in detail.items():
                    before = joined.get(name)
                    if name in _JOINED and isinstance(before, str) and isinstance(value, str):
                        joined[name] = before + value
                    elif value is not None or name not in joined:
                        joined[name] = value

    @property
    def state(self) -> bytes:
        """The signature, whatever the order of the fields that came; empty if there are no details."""
        details = [dict(sorted(detail.items())) for detail in self._found.values()]
        return _MARK + write_state({"details": details}) if details else b""


def audio_state(audio_id: str) -> bytes:
    """Returns the signature of speech."""
    return _MARK + write_state({"audio": audio_id})


def run_state(tool: Mapping[str, object]) -> bytes:
    """Returns the signature of a tool that the server ran: the tool as it told it, but for its place."""
    return _MARK + write_state({"run": {name: tool[name] for name in tool if name != "index"}})


def call_state(extra: object) -> bytes:
    """Returns the signature of a call, from its `extra_content`; empty if that holds nothing."""
    state = write_state({"extra_content": extra}) if isinstance(extra, Mapping) and extra else b""
    return _MARK + state if state else b""


def extra_of(part: Part, provider_id: str) -> Object:
    """Returns the `extra_content` of an earlier turn's call; empty if it is not this provider's."""
    found = _read(part, provider_id).get("extra_content")
    return found if isinstance(found, dict) else {}


def run_of(part: Part, provider_id: str) -> Object | None:
    """Returns a tool that the server ran in an earlier turn; None if it is not this provider's."""
    found = _read(part, provider_id).get("run")
    return found if isinstance(found, dict) else None


def details_of(part: Part, provider_id: str) -> Sequence[Object]:
    """Returns the details of an earlier turn's reasoning; none if they are not this provider's."""
    found = _read(part, provider_id).get("details")
    if not isinstance(found, list) or not all(isinstance(one, dict) and _is_flat(one) for one in found):
        return ()
    return found


def audio_of(part: Part, provider_id: str) -> str:
    """Returns the id of an earlier turn's speech; empty if it is not this provider's."""
    found = _read(part, provider_id).get("audio")
    return found if isinstance(found, str) else ""


def _read(part: Part, provider_id: str) -> Object:
    signature = part.signature
    if not signature or is_foreign(part, provider_id):
        return {}
    if not signature.startswith(_MARK) or len(signature) > _LARGEST:
        return {}
    return read_state(signature[len(_MARK) :]) or {}


def _is_flat(detail: Mapping[str, object]) -> bool:
    return detail.keys() <= DETAIL and all(
        value is None or isinstance(value, str | int) for value in detail.values()
    )
