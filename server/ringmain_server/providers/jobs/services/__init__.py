"""Room 4, pure: the descriptions of the image services, one module for each."""
