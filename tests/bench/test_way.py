"""Tests, benchmark: the way of a call through the gateway stays short."""

from tests.bench.way import TOKENS, ways


async def test_a_call_visits_few_packages_and_functions() -> None:
    """A chat and a stream of four tokens stay within the bounds of the packages and functions they visit."""
    found = await ways()
    chat, stream = found["Chat"], found["StreamChat"]
    assert len(chat.packages) <= 12, chat
    assert chat.functions <= 105, chat
    assert len(chat.calls) <= 130, chat
    assert len(TOKENS) == 4
    assert len(stream.packages) <= 12, stream
    assert stream.changes <= 60, stream
