"""Identity, pure: the scopes of which a caller needs one, for each method.

Every method is listed, so that a new one is served only once somebody has decided who may call it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from ringmain_server.identity.principal import Scope

CHANNELZ: Final = "grpc.channelz.v1.Channelz"
CHANNELZ_METHODS: Final = (
    "GetTopChannels",
    "GetServers",
    "GetServer",
    "GetServerSockets",
    "GetChannel",
    "GetSubchannel",
    "GetSocket",
)

_INFERENCE: Final = frozenset({Scope.INFERENCE})
_USAGE: Final = frozenset({Scope.USAGE, Scope.ADMIN})
_ADMIN: Final = frozenset({Scope.ADMIN})

_Rule = tuple[frozenset[Scope], str, Iterable[str]]

_TABLE: Final[tuple[_Rule, ...]] = (
    (_INFERENCE, "ringmain.v1.ChatService", ("Chat", "StreamChat", "CountTokens", "EstimateCost")),
    (_INFERENCE, "ringmain.v1.VisionService", ("AnalyzeImages", "StreamAnalyzeImages", "ReadDocument")),
    (
        _INFERENCE,
        "ringmain.v1.ImageService",
        ("GenerateImages", "EditImages", "StreamImages", "UpscaleImage", "InspectImage"),
    ),
    (_INFERENCE, "ringmain.v1.EmbeddingService", ("Embed",)),
    (_INFERENCE, "ringmain.v1.AudioService", ("Transcribe", "Speak")),
    (_INFERENCE, "ringmain.v1.ModelService", ("ListModels", "GetModel", "GetServerInfo")),
    (
        _USAGE,
        "ringmain.v1.UsageService",
        ("ListUsageRecords", "QueryUsage", "ExportUsage"),
    ),
    (
        _ADMIN,
        "ringmain.admin.v1.AdminService",
        (
            "ListProviders",
            "DrainProvider",
            "RestoreProvider",
            "SetPrimaryProvider",
            "CheckProvider",
            "FlushCache",
            "ReloadConfig",
            "CreateApiKey",
            "ListApiKeys",
            "UpdateApiKey",
            "RotateApiKey",
            "RevokeApiKey",
            "WatchEvents",
        ),
    ),
    (_ADMIN, CHANNELZ, CHANNELZ_METHODS),
)


def _listed() -> Iterator[tuple[str, frozenset[Scope]]]:
    for scopes, service, methods in _TABLE:
        for method in methods:
            yield f"{service}/{method}", scopes


SCOPES: Final[Mapping[str, frozenset[Scope]]] = dict(_listed())
"""Maps each method that needs credentials to the scopes that allow it; `ringmain.v1.ChatService/Chat` is one.

The services that are not here, health and reflection, are for everybody.
"""
