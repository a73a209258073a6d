"""Laws: a conversation begun at one provider goes on at any other, and loses nothing on the way."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, note, settings
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain_server.edge import validate

from tests.laws.conversations import FOREIGN, conversations, signed_by
from tests.laws.seen import Item, Result, Seen, Shown, followed, of_request
from tests.laws.wire import Translate, Wire
from tests.laws.wires import WIRES

pytestmark = pytest.mark.slow


@cache
def _translators() -> list[tuple[Wire, Translate]]:
    return [(wire, wire.translator()) for wire in WIRES]


@given(conversations())
@settings(max_examples=150)
def test_nothing_is_lost(drawn: ChatRequest) -> None:
    """Texts in order, calls with arguments, results with their calls, and media reach every provider.

    Reasoning goes back to the provider that signed it, and nothing of it to any other.
    """
    for wire, translate in _translators():
        note(f"for {wire}")
        request = signed_by(wire.sign, drawn)
        assert validate.chat(request) == []
        sent = translate(request)
        assert wire.complaint(sent) is None
        found = wire.read(sent)
        _says_the_same(wire, found, of_request(request, wire.habits))
        assert FOREIGN.encode() not in wire.raw(sent)
        if wire.signs:
            tokens = iter(found.tokens)
            assert all(token in tokens for token in followed(request))


def _says_the_same(wire: Wire, found: Seen, expected: Seen) -> None:
    assert found.calls == expected.calls
    assert found.media == expected.media
    assert _results(wire, found) == _results(wire, expected)
    assert _script(wire, found) == _script(wire, expected)


def _results(wire: Wire, seen: Seen) -> Mapping[int, Result]:
    """By call; where media do not show whose they are, without them."""
    if wire.media_in_results:
        return seen.results
    return {call: replace(found, media=()) for call, found in seen.results.items()}


def _script(wire: Wire, seen: Seen) -> list[Item]:
    """What was said, as far as its place means anything on this wire."""
    script = seen.script if wire.calls_in_place else seen.spoken
    return [item for item in script if wire.media_in_results or not isinstance(item, Shown)]
