"""Conformance: the driver of the Python client; those of the others stand in their clients' folders."""
