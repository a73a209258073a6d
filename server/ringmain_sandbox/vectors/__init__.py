"""Room 4, the sandbox: vectors of texts."""
