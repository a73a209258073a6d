"""Room 4: Claude over the Messages wire, at Anthropic, on Vertex AI and on Bedrock."""

from ringmain_server.providers.anthropic.build import build

__all__ = ["build"]
