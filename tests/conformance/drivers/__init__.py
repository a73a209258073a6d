"""Conformance: the driver of the Python client. Those of the other languages stand in their clients' folders."""
