"""Storage: the error of a database that cannot be used."""


class StorageProblem(Exception):
    """The database cannot be used; the message is one line for people and says what to do."""
