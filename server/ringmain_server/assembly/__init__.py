"""Assembly: makes the live objects that serve calls from settings."""
