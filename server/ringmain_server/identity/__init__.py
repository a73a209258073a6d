"""Identity: who calls and what they may use. It does no I/O."""
