"""Storage: the revisions of the schema, by number. One that was released never changes."""
