"""Room 4, pure: what is different at Azure."""

from typing import TYPE_CHECKING

from ringmain_server.kinds import openai_kind

if TYPE_CHECKING:
    from ringmain_server.config import OpenAISettings

_V1 = "/openai/v1"


def uses_deployments(settings: "OpenAISettings") -> bool:
    """Whether the path names the model: Azure with a dated API, unlike its v1 API.

    https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle
    """
    return openai_kind(settings.kind).azure and settings.api_version is not None


def v1_base_url(base_url: str) -> str:
    """Returns the address below which a resource serves Azure's v1 API."""
    return base_url if base_url.endswith(_V1) else base_url.removesuffix("/openai") + _V1
