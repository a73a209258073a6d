"""Sandbox: draws, changes and describes pictures. The first one loads Pillow."""
