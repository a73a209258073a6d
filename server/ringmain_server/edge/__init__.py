"""Room 1: listeners, status, validation, health and drain."""
