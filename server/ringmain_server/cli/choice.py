"""Command line: which model answers when nobody named one."""

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ringmain import Client
    from ringmain.v1.model_service_pb2 import Model

SANDBOX: Final = "sandbox"
SANDBOX_CHAT: Final = "sandbox/chat"


def chosen_model(client: "Client", named: str | None) -> tuple[str, str]:
    """Returns the model to ask, and a line that says so when that is a surprise.

    A gateway with a real provider means it to be used; one without has the sandbox.

    Args:
        client: Asked for its models when nothing names one.
        named: What the person named.
    """
    if name := named or os.environ.get("RINGMAIN_MODEL"):
        return name, ""
    listed = list(client.models(["chat"]))
    real = next((model for model in listed if not _is_sandbox(model)), None)
    if real is None:
        return (listed[0].model if listed else SANDBOX_CHAT), ""
    return real.model, f"asking {real.model} (--model or RINGMAIN_MODEL names another)"


def _is_sandbox(model: "Model") -> bool:
    return all(candidate.provider_id == SANDBOX for candidate in model.candidates)
