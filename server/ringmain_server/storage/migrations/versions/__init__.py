"""Storage: the revisions of the schema, in the order of their numbers. One that was released never changes."""
