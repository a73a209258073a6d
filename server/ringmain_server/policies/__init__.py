"""Room 3, pure: machines that decide and never wait; they get their clock."""
