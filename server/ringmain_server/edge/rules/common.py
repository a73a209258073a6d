"""Room 1, pure: rules that several kinds of requests share."""

import ipaddress
import re
from collections.abc import Iterator, Sequence, Sized
from itertools import islice
from urllib.parse import urlsplit

import orjson
from google.protobuf.duration_pb2 import Duration
from ringmain.v1.attribution_pb2 import Attribution
from ringmain.v1.content_pb2 import Media
from ringmain.v1.routing_pb2 import CacheMode, RoutingPolicy, StreamRecovery

from ringmain_server.call import LABEL_LENGTH, LABEL_LIMIT
from ringmain_server.errors import Violation
from ringmain_server.media.detect import describe, detect
from ringmain_server.text.excerpt import quoted

NAME_LIMIT = 256
"""The most characters of any name: of a model, a provider, a voice, a style, a file, a media type."""
TEXT_LIMIT = 32_000
"""The most characters of a prompt beside the main input; the longest that any known model takes."""
REQUEST_ID_LIMIT = 128
USER_ID_LIMIT = 128
PROVIDER_LIMIT = 64
URI_LIMIT = 8192
NESTING_LIMIT = 30
"""The most levels of objects and lists in a JSON text.

As a `google.protobuf.Struct`, each level takes three of the hundred levels that protobuf's libraries write:
https://protobuf.dev/programming-guides/proto-limits/.
"""
DAY = 86_400

VIOLATION_LIMIT = 64
"""The most violations that are reported: a request may hold millions of bad fields."""

MIME_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*", re.IGNORECASE)
_UPWARDS = frozenset({".", ".."})
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_HOST_LIMIT = 253
_IN_STORAGE = re.compile(r"gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]/[^\x00-\x1f\x7f-\x9f]+")
"""Matches the address of an object in Google's storage: https://cloud.google.com/storage/docs/buckets#naming."""
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")

Rules = Iterator[Violation]


def found(rules: Rules) -> list[Violation]:
    """Returns the first violations, at most `VIOLATION_LIMIT` of them."""
    return list(islice(rules, VIOLATION_LIMIT))


def named(model: str, path: str = "model") -> Rules:
    """Checks that a request names its model."""
    if not model:
        yield Violation(path, "names no model")
    elif len(model) > NAME_LIMIT:
        yield Violation(path, too_long(NAME_LIMIT))
    elif not model.isprintable():
        yield Violation(path, "holds characters that cannot be printed")
    elif "." in model and not _UPWARDS.isdisjoint(model.split("/")):
        yield Violation(path, "has a part that is no name but a way through folders")  # may become a path


def too_long(limit: int) -> str:
    """Returns the description of a text that is longer than its limit."""
    return f"is longer than {limit} characters"


def short(value: str, path: str, limit: int = NAME_LIMIT) -> Rules:
    """Checks that a text is no longer than its limit."""
    if len(value) > limit:
        yield Violation(path, too_long(limit))


def few(values: Sized, path: str, limit: int) -> Rules:
    """Checks that a list holds no more items than its limit."""
    if len(values) > limit:
        yield Violation(path, f"holds more than {limit}")


def names(values: Sequence[str], path: str, limit: int) -> Rules:
    """Checks that a list holds few names, each of them short. It ignores those beyond the limit."""
    yield from few(values, path, limit)
    for index, value in enumerate(islice(values, limit)):
        yield from short(value, f"{path}[{index}]")


def request_id(value: str) -> Rules:
    """Checks that a request id is short."""
    return short(value, "request_id", REQUEST_ID_LIMIT)


def mime_type(value: str, path: str) -> Rules:
    """Checks that a media type, where it is given, is well-formed."""
    if len(value) > NAME_LIMIT:
        yield Violation(path, too_long(NAME_LIMIT))
    elif value and not MIME_TYPE.fullmatch(value):
        yield Violation(path, "is not a media type such as image/png")


def media(media: Media, path: str) -> Rules:
    """Checks that a medium has a source, and a media type that is given or can be detected."""
    source = media.WhichOneof("source")
    yield from mime_type(media.mime_type, f"{path}.mime_type")
    yield from short(media.filename, f"{path}.filename")
    if source is None:
        yield Violation(path, "has neither data nor a uri")
    elif source == "uri":
        if len(media.uri) > URI_LIMIT:
            yield Violation(f"{path}.uri", too_long(URI_LIMIT))
        elif not (_is_https(media.uri) or _IN_STORAGE.fullmatch(media.uri)):
            wrong = "is not an https address of a host, without credentials, nor an object at gs://"
            yield Violation(f"{path}.uri", wrong)
    else:
        yield from _bytes(media, media.data, path)  # read once: each access copies them


def _is_https(uri: str) -> bool:
    """Whether every library, the gateway's and the providers', parses an address in the same way.

    See https://www.rfc-editor.org/rfc/rfc3986#section-3.2.
    """
    # Libraries strip spaces and control characters or cut the address there, so they see different hosts.
    if not uri.startswith("https://") or " " in uri or "\\" in uri or not uri.isprintable():
        return False
    try:
        url = urlsplit(uri)
        host, _ = url.hostname or "", url.port
    except ValueError:  # brackets that do not match, or a port that is no number
        return False
    return "@" not in url.netloc and _is_host(host, literal="[" in url.netloc)


def _is_host(host: str, *, literal: bool) -> bool:
    if literal:
        try:
            return "%" not in host and ipaddress.ip_address(host).version == 6
        except ValueError:
            return False
    return is_domain(host.removesuffix("."))


def is_domain(name: str) -> bool:
    """Whether a text is the name of a domain, in ASCII or another script."""
    try:
        ascii_name = name if name.isascii() else name.encode("idna").decode()
    except UnicodeError:
        return False
    return len(ascii_name) <= _HOST_LIMIT and all(map(_LABEL.fullmatch, ascii_name.split(".")))


def _bytes(media: Media, data: bytes, path: str) -> Rules:
    if not data:
        yield Violation(f"{path}.data", "is empty", of_media=True)
    elif not media.mime_type and not detect(data):
        problem = f"is empty, and the bytes are of no known kind: {describe(data)}"
        yield Violation(f"{path}.mime_type", problem, of_media=True)


def json_object(text: str, path: str) -> Rules:
    """Checks that a text, where it is not empty, is a JSON object with bounded nesting."""
    if not text:
        return
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        yield Violation(path, "is not JSON")
        return
    if not isinstance(value, dict):
        yield Violation(path, "is not a JSON object")
    else:
        yield from shallow(text, path)


def shallow(text: str, path: str) -> Rules:
    """Checks that a text is not nested too deeply. A text that is not JSON passes: nobody parses it."""
    if text.count("{") + text.count("[") > NESTING_LIMIT and _depth(text) > NESTING_LIMIT:
        yield Violation(path, f"is nested deeper than {NESTING_LIMIT} levels")


def _depth(text: str) -> int:
    """Returns how deep brackets are nested, 0 where they do not match. Parsers differ in everything else."""
    depth = deepest = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        depth += 1 if bracket in "{[" else -1
        if depth < 0:
            return 0
        deepest = max(deepest, depth)
    return deepest if depth == 0 else 0


def attribution(given: Attribution) -> Rules:
    """Checks that the labels and the user id of a request are few and short."""
    yield from short(given.user_id, "attribution.user_id", USER_ID_LIMIT)
    yield from few(given.labels, "attribution.labels", LABEL_LIMIT)
    for key, value in islice(given.labels.items(), LABEL_LIMIT):
        if not 0 < len(key) <= LABEL_LENGTH or len(value) > LABEL_LENGTH:
            yield Violation(
                f"attribution.labels[{quoted(key)}]",
                f"has no key, or a key or value longer than {LABEL_LENGTH} characters",
            )


def routing(policy: RoutingPolicy) -> Rules:
    """Checks that a routing policy keeps to the limits of the contract."""
    yield from names(policy.provider_ids, "routing_policy.provider_ids", PROVIDER_LIMIT)
    for name in ("first_content_timeout", "idle_timeout"):
        if policy.HasField(name):
            yield from span(getattr(policy, name), f"routing_policy.{name}")
    if policy.cache_mode not in CacheMode.values():
        yield Violation("routing_policy.cache_mode", "is unknown")
    if policy.stream_recovery not in StreamRecovery.values():
        yield Violation("routing_policy.stream_recovery", "is unknown")


def span(duration: Duration, path: str) -> Rules:
    """Checks that a time is a valid `google.protobuf.Duration`, above zero, and at most a day."""
    seconds, nanos = duration.seconds, duration.nanos
    if not -999_999_999 <= nanos <= 999_999_999 or seconds * nanos < 0:
        yield Violation(path, "is not a duration: its nanos are out of range, or of another sign")
    elif seconds < 0 or nanos < 0 or not (seconds or nanos):
        yield Violation(path, "is not a time above zero")
    elif seconds + nanos / 1e9 > DAY:
        yield Violation(path, "is longer than a day")
