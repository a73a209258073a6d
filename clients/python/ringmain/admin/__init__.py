"""The contract of the admin port."""
