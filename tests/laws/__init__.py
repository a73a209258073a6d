"""Tests: the laws, run over every provider wire. `wires.py` describes the wires."""
