"""Tests, benchmark: what the gateway costs on this machine. `make bench` runs it."""
