"""The sandbox's upstream: a server that answers like OpenAI's, without a network, a key or a model."""
