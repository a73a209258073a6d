"""Tests, deploy: what is in `deploy/`, without an engine and without a cluster."""
