"""Tests, fakes: scripted stand-ins that talk over real sockets. Each has tests of its own."""
