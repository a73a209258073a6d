"""Room 3: layers, each a backend around a backend."""
