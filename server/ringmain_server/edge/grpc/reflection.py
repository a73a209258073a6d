"""Room 1: reflection of the services of one port only (https://grpc.io/docs/guides/reflection/)."""

from collections.abc import Iterable
from typing import Any

import grpc.aio
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FileDescriptor
from grpc_reflection.v1alpha import reflection, reflection_pb2_grpc

from ringmain_server.edge.grpc.library import Guarded


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
    """Registers the service.

    Args:
        services: Full names of the services to list.
        server: The server.
    """
    pool: Any = SymbolPool()
    servicer = reflection.aio.ReflectionServicer((*services, reflection.SERVICE_NAME), pool=pool)
    add: Any = reflection_pb2_grpc.add_ServerReflectionServicer_to_server
    add(servicer, server)
