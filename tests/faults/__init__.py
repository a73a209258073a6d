"""Tests, faults: the catalogue of what providers do wrong, run end to end over gRPC."""
