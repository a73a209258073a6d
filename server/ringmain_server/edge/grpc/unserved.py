"""Room 1: refuses the methods that a port does not serve, with an ErrorInfo, logged and counted.

gRPC itself answers an unknown method with UNIMPLEMENTED and nothing more, which does not tell a caller
whether the address, the configuration or the version of the gateway is to blame.
"""

from collections.abc import Mapping
from typing import Any, Final

import grpc

from ringmain_server import contract
from ringmain_server.edge.grpc.binding import Edge
from ringmain_server.errors import MethodNotServed
from ringmain_server.text.excerpt import quoted

_PACKAGES: Final = "/ringmain."
"""The beginning of the path of each method of this contract, in any version."""
_UNKNOWN: Final = "unknown"
"""Stands for all methods that the contract lacks in logs and metrics, since callers invent their names."""
_METHODS: Final = frozenset(contract.methods())


class Unserved(grpc.GenericRpcHandler):
    """Refuses what no other handler of a port serves. It must be the last of the server's handlers.

    Methods of packages that are not the contract's are left to gRPC.

    Args:
        edge: Binds the methods of this port.
        elsewhere: Maps each method that another port serves to the setting that has its address.
        disabled: Maps each method that no port serves because of the configuration to the reason.
    """

    def __init__(self, edge: Edge, elsewhere: Mapping[str, str], disabled: Mapping[str, str]) -> None:
        self._edge = edge
        self._elsewhere = elsewhere
        self._disabled = disabled

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> "grpc.RpcMethodHandler[Any, Any] | None":
        """Returns a handler that refuses the call; None where the method is not of this contract."""
        path = handler_call_details.method or ""
        if not path.startswith(_PACKAGES):
            return None
        method = path.removeprefix("/")
        error = MethodNotServed(method, self._why(method))
        return self._edge.refusal(method if method in _METHODS else _UNKNOWN, error)

    def _why(self, method: str) -> str:
        setting = self._elsewhere.get(method)
        if setting is not None:
            return f"{method} is served on another port of the gateway, the one of the setting {setting}"
        if method in self._disabled:
            return f"the gateway does not serve {method}: {self._disabled[method]}"
        if method in _METHODS:
            return f"this version of the gateway does not serve {method}"
        return f"version {contract.CONTRACT_VERSION} of the contract has no method {quoted(method)}"
