"""Command line, pure: repeatable flags of the form `name=value`."""

from collections.abc import Iterable, Iterator

from ringmain_server.cli.failures import USAGE, CommandFailure


def pairs(flag: str, form: str, texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yields the name and the value of each text.

    Args:
        flag: The flag, for the message.
        form: The form it takes, such as `NAME=VALUE`.
        texts: The values of the flag.

    Raises:
        Failure: One has no name or no equals sign.
    """
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise CommandFailure(f"error: {flag} takes {form}, not {text!r}", code=USAGE)
        yield name, value
