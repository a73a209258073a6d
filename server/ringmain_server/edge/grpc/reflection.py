"""Room 1: reflection of the services of one port only (https://grpc.io/docs/guides/reflection/).

There are two versions of the service, `v1` and the older `v1alpha`, whose messages differ in nothing but the
name of their package. Some tools ask for one only, so both are served. The library has `v1alpha` alone: its
servicer serves both, and the descriptor of `v1`, which callers may ask for, is made from its own.
"""

from collections.abc import Iterable
from typing import Any

import grpc
import grpc.aio
from google.protobuf import descriptor_pb2, descriptor_pool, text_format
from google.protobuf.descriptor import FileDescriptor
from grpc_reflection.v1alpha import reflection, reflection_pb2, reflection_pb2_grpc

from ringmain_server.edge.grpc.library import Guarded

_OLDER = "v1alpha"
_VERSION = "v1"
SERVICE_NAMES = (reflection.SERVICE_NAME.replace(_OLDER, _VERSION), reflection.SERVICE_NAME)
"""The full names of the service in both versions."""


class SymbolPool:
    """The default pool of descriptors, which also finds the file of a method.

    The protocol lets callers ask for a method by its full name, as ghz does; protobuf's own pool finds none.
    """

    def __init__(self) -> None:
        self._pool = descriptor_pool.Default()

    def FindFileContainingSymbol(self, symbol: str) -> FileDescriptor:
        """Returns the file of a message, enum, field, service or method.

        Raises:
            KeyError: There is no such symbol.
        """
        try:
            return self._pool.FindFileContainingSymbol(symbol)
        except KeyError:
            return self._pool.FindMethodByName(symbol).containing_service.file

    def __getattr__(self, name: str) -> Any:
        """Returns any other attribute of the default pool."""
        return getattr(self._pool, name)


def add_reflection(services: Iterable[str], server: grpc.aio.Server | Guarded) -> None:
    """Registers the service in both versions.

    Args:
        services: Full names of the services to list.
        server: The server.
    """
    pool: Any = SymbolPool()
    _describe(pool)
    servicer = reflection.aio.ReflectionServicer((*services, *SERVICE_NAMES), pool=pool)
    add: Any = reflection_pb2_grpc.add_ServerReflectionServicer_to_server
    add(servicer, server)
    handler = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        reflection_pb2.ServerReflectionRequest.FromString,
        reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    server.add_registered_method_handlers(SERVICE_NAMES[0], {"ServerReflectionInfo": handler})


def _describe(pool: Any) -> None:
    """Adds the descriptor of `v1` to a pool that lacks it."""
    older = descriptor_pb2.FileDescriptorProto()
    reflection_pb2.DESCRIPTOR.CopyToProto(older)
    renamed = text_format.MessageToString(older).replace(_OLDER, _VERSION)
    made = text_format.Parse(renamed, descriptor_pb2.FileDescriptorProto())
    try:
        pool.FindFileByName(made.name)
    except KeyError:
        pool.AddSerializedFile(made.SerializeToString())
