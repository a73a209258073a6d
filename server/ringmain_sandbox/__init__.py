"""The upstream that the sandbox plays: a server that answers like OpenAI's, with no network, key or model."""
