"""Storage, pure: transactions as generators of statements, which both databases run.

A transaction yields statements, is sent their rows, and returns its result. It neither waits nor knows which
database runs it, and an exception that it raises undoes it. Parameters are numbered, `?1`, as SQLite reads
them; PostgreSQL's `$1` is made from that.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

Value: TypeAlias = str | bytes | int | float | None
Row: TypeAlias = tuple[Value, ...]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement.

    Attributes:
        sql: Its text, with parameters `?1`, `?2` and so on.
        values: The parameters' values.
        each: Rows of values for each of which the statement runs, None for `values` alone. Such a statement
            has no result.
    """

    sql: str
    values: Row = ()
    each: Sequence[Row] | None = None

    @property
    def dollars(self) -> str:
        """The text with PostgreSQL's parameters. No statement has a question mark that is not one."""
        return self.sql.replace("?", "$")


Transaction: TypeAlias = Generator[Statement, Sequence[Row], T]
Work: TypeAlias = Callable[[], Transaction[T]]
