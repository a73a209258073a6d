"""Conformance: the same cases, answered by the client of every language; see README.md."""
