"""Tests, shapes: small answers and requests as real providers send and take them.

A shape is a file `WIRE/NAME.json` below this folder, written by hand after a recording or a page, with texts
and ids of our own. `store.py` says what is in it, `CONTRIBUTING.md` how to add one; the laws over all shapes
are in `tests/laws/test_shapes.py` and, with what is wrong with them, in `tests/laws/test_mutated_answers.py`.
"""
