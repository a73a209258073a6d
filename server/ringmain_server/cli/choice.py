"""Command line: which model answers when nobody named one."""

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ringmain import Client
    from ringmain.v1.model_service_pb2 import Model

OWN: Final = frozenset({"sandbox", "local"})
"""Providers that are always there."""
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
"""What answers where nothing else does, by capability."""
_TALKS: Final = frozenset({"chat", "vision"})
"""Capabilities of the models that RINGMAIN_MODEL is meant for."""


def chosen_model(client: "Client", named: str | None, capability: str = "chat") -> tuple[str, str]:
    """Returns the model to ask, and a line that says so when that is a surprise.

    A gateway with a real provider means it to be used; one without has the sandbox.

    Args:
        client: Asked for its models when nothing names one.
        named: What the person named.
        capability: What it must be able to do.
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
