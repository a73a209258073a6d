"""Tests, fuzz: random requests of callers and random answers of providers, against a whole gateway."""
