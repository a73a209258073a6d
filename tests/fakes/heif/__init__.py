"""Fakes: where a fake `pi_heif` is; put this folder on the path of a process of its own."""
