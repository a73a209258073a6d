"""Room 4, the pure side of `anthropic`: declares the tools that the provider runs itself.

https://platform.claude.com/docs/en/agents-and-tools/tool-use/tool-reference lists their versions and the
platforms that have them: the web search is at Anthropic and on Vertex AI, the execution of code only at
Anthropic. The versions named here are the oldest that are served, which every model with tools takes; a
request can declare a newer one by `provider_options`.
"""

from collections.abc import Mapping

from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain.v1.generation_pb2 import Tool, WebSearchTool

from ringmain_server.candidate import Candidate
from ringmain_server.catalog.capabilities import capability
from ringmain_server.errors import CapabilityMissing
from ringmain_server.providers.anthropic.blocks import Block

_PLATFORMS: Mapping[str, Mapping[str, str]] = {
    "web_search": {"": "", "vertex": "web-search-2025-03-05"},
    "code_execution": {"": "code-execution-2025-08-25"},
}
"""The platforms that have a tool, with the beta that it needs there; empty if it needs none."""


def tools_at(platform: str) -> frozenset[int]:
    """Returns the tools that a platform runs for every Claude, as values of `Capability`."""
    return frozenset(capability(kind) for kind, platforms in _PLATFORMS.items() if platform in platforms)


def betas(request: ChatRequest, candidate: Candidate, platform: str) -> list[str]:
    """Returns the betas that the declared tools need.

    Raises:
        CapabilityMissing: The platform lacks a tool.
    """
    found = []
    for tool in request.tools:
        kind = tool.WhichOneof("kind") or ""
        if kind in _PLATFORMS:
            beta = _PLATFORMS[kind].get(platform)
            if beta is None:
                raise CapabilityMissing(candidate.name, kind)
            found += [beta] if beta else []
    return found


def declared(tool: Tool) -> Block:
    """Returns the declaration of a tool that the provider runs itself."""
    if tool.HasField("web_search"):
        return _web_search(tool.web_search)
    return {"type": "code_execution_20250825", "name": "code_execution"}


def _web_search(search: WebSearchTool) -> Block:
    found: dict[str, object] = {"type": "web_search_20250305", "name": "web_search"}
    if search.HasField("max_uses"):
        found["max_uses"] = search.max_uses
    if search.allowed_domains:
        found["allowed_domains"] = list(search.allowed_domains)
    if search.blocked_domains:
        found["blocked_domains"] = list(search.blocked_domains)
    if search.country_code:
        found["user_location"] = {"type": "approximate", "country": search.country_code}
    return found
