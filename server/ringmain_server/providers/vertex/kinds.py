"""Room 4, pure: the provider kinds that share this wire."""

VERTEX = "vertex"
"""The kind of providers that take the messages themselves. Others take JSON, which has more fields."""
