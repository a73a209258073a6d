"""The composition root and the processes around it."""
