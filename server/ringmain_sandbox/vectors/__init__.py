"""Sandbox: vectors of texts."""
