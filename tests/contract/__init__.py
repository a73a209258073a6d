"""The contract itself: its names in every language, and what may change of it."""
