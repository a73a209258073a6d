"""Turns settings into the live objects that serve calls."""
