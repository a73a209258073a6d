"""Room 3: finds the candidates of a model and tries them until one answers."""
