"""Room 4, the sandbox: pictures that it draws, changes and looks at. The first one loads Pillow."""
