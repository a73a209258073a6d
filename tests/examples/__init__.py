"""Examples: every code block of the documentation is run; CONTRIBUTING.md says how."""
