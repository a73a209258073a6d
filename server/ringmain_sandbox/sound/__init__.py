"""Room 4, the sandbox: speaks, and understands its own speech."""
