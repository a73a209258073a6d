"""Tests, live: a handful of small calls to the real providers. `make live-test` runs them."""
