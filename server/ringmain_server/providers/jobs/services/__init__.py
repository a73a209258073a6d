"""Room 4, pure: the descriptions, one module for each service."""
