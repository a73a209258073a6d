"""Reflection finds every kind of symbol that its protocol lets callers ask for."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import pytest
from google.protobuf import descriptor_database, descriptor_pb2, descriptor_pool, message_factory
from ringmain.v1 import chat_service_pb2
from ringmain_server.edge.grpc.reflection import SymbolPool, add_reflection

FILE = chat_service_pb2.DESCRIPTOR.name
VERSIONS = ("v1", "v1alpha")
SERVICE = "grpc.reflection.{}.ServerReflection"


@asynccontextmanager
async def reflected(version: str) -> AsyncIterator[Callable[..., Awaitable[Any]]]:
    """A server that reflects ChatService, asked over one stream with the messages of a version."""
    server = grpc.aio.server()
    add_reflection(["ringmain.v1.ChatService"], server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    request, response = (
        message_factory.GetMessageClass(
            descriptor_pool.Default().FindMessageTypeByName(f"grpc.reflection.{version}.{name}")
        )
        for name in ("ServerReflectionRequest", "ServerReflectionResponse")
    )
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stream = channel.stream_stream(
            f"/{SERVICE.format(version)}/ServerReflectionInfo", request.SerializeToString, response.FromString
        )()

        async def ask(**asked: object) -> Any:
            await stream.write(request(**asked))
            return await stream.read()

        yield ask
        await stream.done_writing()
        assert await stream.read() is grpc.aio.EOF
    await server.stop(0)


def services_of(files: Iterable[bytes]) -> set[str]:
    """The full names of all services in serialized files, which a pool of their own can link."""
    database = descriptor_database.DescriptorDatabase()
    made = [descriptor_pb2.FileDescriptorProto.FromString(data) for data in files]
    for one in made:
        database.Add(one)
    pool = descriptor_pool.DescriptorPool(database)
    found = {f"{one.package}.{service.name}" for one in made for service in one.service}
    assert all(pool.FindServiceByName(name).methods for name in found)
    return found


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


@pytest.mark.parametrize("version", VERSIONS)
async def test_both_versions_answer(version: str) -> None:
    """Each lists the same services, and describes them and itself down to files that stand alone."""
    async with reflected(version) as ask:
        listed = (await ask(list_services="")).list_services_response
        assert {one.name for one in listed.service} == {
            "ringmain.v1.ChatService",
            *map(SERVICE.format, VERSIONS),
        }
        for symbol in ("ringmain.v1.ChatService", SERVICE.format(version)):
            described = (await ask(file_containing_symbol=symbol)).file_descriptor_response
            assert symbol in services_of(described.file_descriptor_proto)


@pytest.mark.parametrize("version", VERSIONS)
async def test_what_is_not_there_is_not_found(version: str) -> None:
    """An unknown symbol is an answer of its own, and the stream goes on."""
    async with reflected(version) as ask:
        unknown = await ask(file_containing_symbol="no.Service")
        assert unknown.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]
        assert unknown.original_request.file_containing_symbol == "no.Service"
        assert (await ask(file_by_filename=FILE)).HasField("file_descriptor_response")


def test_the_versions_messages_are_the_same_on_the_wire() -> None:
    """What one version's messages write, the other's read: names and numbers of fields are equal."""
    pool = descriptor_pool.Default()
    for name in ("ServerReflectionRequest", "ServerReflectionResponse"):
        first, second = (
            pool.FindMessageTypeByName(f"grpc.reflection.{version}.{name}") for version in VERSIONS
        )
        assert [(one.name, one.number, one.type) for one in first.fields] == [
            (one.name, one.number, one.type) for one in second.fields
        ]
