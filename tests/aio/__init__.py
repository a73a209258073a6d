"""Tests of the helpers for asyncio."""
