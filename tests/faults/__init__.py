"""Tests, faults: the catalogue of what providers do wrong, run end to end, and what the gateway makes of it."""
