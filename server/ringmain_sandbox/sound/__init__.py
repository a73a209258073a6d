"""Sandbox: speaks, and understands its own speech."""
