"""App: the composition root and the processes around it."""
