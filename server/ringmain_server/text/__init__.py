"""Helpers for text, pure, that know nothing of the gateway."""
