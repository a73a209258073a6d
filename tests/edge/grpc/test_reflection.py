"""Reflection finds every kind of symbol that its protocol lets callers ask for."""

import pytest
from ringmain.v1 import chat_service_pb2
from ringmain_server.edge.grpc.reflection import SymbolPool

FILE = chat_service_pb2.DESCRIPTOR.name


@pytest.mark.parametrize(
    "symbol",
    [
        "ringmain.v1.ChatService",
        "ringmain.v1.ChatService.StreamChat",
        "ringmain.v1.ChatRequest",
        "ringmain.v1.ChatRequest.model",
    ],
)
def test_symbols_are_found(symbol: str) -> None:
    """A service, a method, a message and a field stand in their file."""
    assert SymbolPool().FindFileContainingSymbol(symbol).name == FILE


def test_unknown_symbols_are_not() -> None:
    """What is no symbol is a KeyError, which the service turns into NOT_FOUND."""
    with pytest.raises(KeyError):
        SymbolPool().FindFileContainingSymbol("ringmain.v1.ChatService.Sing")


def test_the_rest_is_the_pools() -> None:
    """Files can be found by name as in the pool itself."""
    assert SymbolPool().FindFileByName(FILE) is chat_service_pb2.DESCRIPTOR
