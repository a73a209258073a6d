"""Room 1: listeners, statuses, validation, health and drain."""
