"""Room 1: finds out who calls, by what the caller shows."""
