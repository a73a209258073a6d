"""Tests of the vertex provider."""
