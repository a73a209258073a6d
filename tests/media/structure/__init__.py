"""Tests of what looks into media before a library does."""
