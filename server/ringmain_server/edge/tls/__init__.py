"""Room 1: TLS of every listener, from files that are read again when they change."""
