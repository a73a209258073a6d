"""Room 1, pure: rules that several requests share."""

import re
from collections.abc import Iterator

import orjson
from google.protobuf.duration_pb2 import Duration
from ringmain.v1.content_pb2 import Media
from ringmain.v1.routing_pb2 import CacheMode, RoutingPolicy, StreamRecovery

from ringmain_server.errors import Violation
from ringmain_server.media.detect import describe, detect

REQUEST_ID_LIMIT = 128
LABEL_LIMIT = 16
LABEL_LENGTH = 64

MIME_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*", re.IGNORECASE)

Rules = Iterator[Violation]


def named(model: str, path: str = "model") -> Rules:
    """A request names its model."""
    if not model:
        yield Violation(path, "names no model")


def request_id(value: str) -> Rules:
    """A request id is short."""
    if len(value) > REQUEST_ID_LIMIT:
        yield Violation("request_id", f"is longer than {REQUEST_ID_LIMIT} characters")


def mime_type(value: str, path: str) -> Rules:
    """A media type is one, where it is given."""
    if value and not MIME_TYPE.fullmatch(value):
        yield Violation(path, "is not a media type such as image/png")


def media(media: Media, path: str) -> Rules:
    """A medium has a source, and a media type that is given or can be told."""
    source = media.WhichOneof("source")
    yield from mime_type(media.mime_type, f"{path}.mime_type")
    if source is None:
        yield Violation(path, "has neither data nor a uri")
    elif source == "uri":
        if not media.uri.startswith("https://") or len(media.uri) == len("https://"):
            yield Violation(f"{path}.uri", "is not an https address")
    else:
        yield from _bytes(media, media.data, path)  # one look: each copies them


def _bytes(media: Media, data: bytes, path: str) -> Rules:
    if not data:
        yield Violation(f"{path}.data", "is empty", of_media=True)
    elif not media.mime_type and not detect(data):
        found = f"is empty, and the bytes are of no known kind: {describe(data)}"
        yield Violation(f"{path}.mime_type", found, of_media=True)


def json_object(text: str, path: str) -> Rules:
    """A text that is not empty is a JSON object."""
    if not text:
        return
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        yield Violation(path, "is not JSON")
        return
    if not isinstance(found, dict):
        yield Violation(path, "is not a JSON object")


def routing(policy: RoutingPolicy) -> Rules:
    """A routing policy keeps to the limits of the contract."""
    if len(policy.labels) > LABEL_LIMIT:
        yield Violation("routing_policy.labels", f"holds more than {LABEL_LIMIT}")
    for key, value in policy.labels.items():
        if not 0 < len(key) <= LABEL_LENGTH or len(value) > LABEL_LENGTH:
            yield Violation(
                f"routing_policy.labels[{key[:LABEL_LENGTH]!r}]",
                f"has no key, or a key or value longer than {LABEL_LENGTH} characters",
            )
    for name in ("first_token_timeout", "idle_timeout"):
        if policy.HasField(name) and not _positive(getattr(policy, name)):
            yield Violation(f"routing_policy.{name}", "is not a time above zero")
    if policy.cache_mode not in CacheMode.values():
        yield Violation("routing_policy.cache_mode", "is unknown")
    if policy.stream_recovery not in StreamRecovery.values():
        yield Violation("routing_policy.stream_recovery", "is unknown")


def _positive(duration: Duration) -> bool:
    return duration.seconds >= 0 and duration.nanos >= 0 and (duration.seconds > 0 or duration.nanos > 0)
