"""Room 4, the sandbox: draws, changes and describes pictures. The first one loads Pillow."""
