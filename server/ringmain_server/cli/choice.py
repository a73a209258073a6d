"""Command line: chooses the model when the user names none."""

import os
from typing import TYPE_CHECKING, Final

from ringmain_server.kinds import KINDS

if TYPE_CHECKING:
    from ringmain import Client
    from ringmain.v1.model_service_pb2 import Model

OWN: Final = frozenset(kind.name for kind in KINDS.values() if kind.always)
"""Providers that every gateway has."""
SANDBOX_CHAT: Final = "sandbox/chat"


_SANDBOX_MODELS: Final = {
    "chat": SANDBOX_CHAT,
    "vision": SANDBOX_CHAT,
    "image_generation": "sandbox/image",
    "image_editing": "sandbox/image",
    "image_upscaling": "local/lanczos",
    "embedding": "sandbox/embed",
    "transcription": "sandbox/transcribe",
    "speech": "sandbox/speak",
}
"""The models to use where no real provider is configured, by capability."""
_TALKS: Final = frozenset({"chat", "vision"})
"""Capabilities of the models that RINGMAIN_MODEL is meant for."""


def chosen_model(client: "Client", named: str | None, capability: str = "chat") -> tuple[str, str]:
    """Returns the model to ask, and a line to show when the choice may surprise.

    A gateway with a real provider is meant to use it; one without has the sandbox.

    Args:
        client: Asked for its models when neither the user nor the environment names one.
        named: The model that the user named.
        capability: The capability that the model must have.
    """
    if name := named or (os.environ.get("RINGMAIN_MODEL") if capability in _TALKS else None):
        return name, ""
    listed = list(client.models([capability]))
    real = next((model for model in listed if not _is_sandbox(model)), None)
    if real is None:
        names = [model.model for model in listed if "/fault-" not in model.model]
        usual = _SANDBOX_MODELS[capability]
        return (usual if usual in names or not names else names[0]), ""
    return real.model, f"asking {real.model} (--model or RINGMAIN_MODEL names another)"


def _is_sandbox(model: "Model") -> bool:
    return all(candidate.provider_id in OWN for candidate in model.candidates)
