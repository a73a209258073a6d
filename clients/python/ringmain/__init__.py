"""The Ringmain client: generated stubs under `ringmain.v1`, and a small friendly client."""
