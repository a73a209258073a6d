"""Text helpers: pure functions that know nothing of the gateway."""
