"""Helpers for asyncio that know nothing of the gateway: tasks and threads."""
