"""The settings of the database."""

import pytest
from ringmain_server.config import ConfigError, Settings, load, secrets, show

PASSWORD = "postgresql://ringmain:s3cret%2Fword@db.internal:5432/ringmain?sslmode=require"


def settings(url: str) -> Settings:
    """The configuration with an address of the database."""
    return load(environ={"RINGMAIN_STORAGE__URL": url})


@pytest.mark.parametrize(
    "url",
    [
        "memory",
        "sqlite:///ringmain.db",
        "sqlite:////var/lib/ringmain/ringmain.db",
        "postgresql://db/ringmain",
        "postgres://user@[::1]:5432/ringmain",
        "postgresql://user@/ringmain?host=/run/postgresql",
        PASSWORD,
    ],
)
def test_addresses_of_databases(url: str) -> None:
    """A file, a server and the memory are taken as they are written."""
    found = settings(url).storage.url
    assert found is not None
    assert found.get_secret_value() == url


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("ringmain.db", "must be memory, sqlite:///PATH or postgresql://"),
        ("mysql://db/ringmain", "must be memory, sqlite:///PATH or postgresql://"),
        ("postgresql+asyncpg://db/ringmain", "must be memory, sqlite:///PATH or postgresql://"),
        ("sqlite://ringmain.db", "must be memory, sqlite:///PATH or postgresql://"),
        ("sqlite:///", "must be memory, sqlite:///PATH or postgresql://"),
        ("sqlite:///folder/", "must be memory, sqlite:///PATH or postgresql://"),
        ("sqlite:///:memory:", "must be memory, sqlite:///PATH or postgresql://"),
        ("sqlite:///ringmain.db?mode=ro", "must be memory, sqlite:///PATH or postgresql://"),
        ("postgresql://db:port/ringmain", "is no address of a database"),
        ("postgresql://[db/ringmain", "is no address of a database"),
        ("postgresql://db/ringmain?password=x", "must have its password before the host"),
    ],
)
def test_what_is_no_address(url: str, problem: str) -> None:
    """Anything else is a mistake that says what an address looks like and does not repeat it."""
    with pytest.raises(ConfigError, match=f"storage.url: {problem}") as caught:
        settings(url)
    assert url not in str(caught.value).replace("sqlite:///PATH", "")


def test_the_password_alone_is_secret() -> None:
    """People see the address without its password, and the log masks that however it is written."""
    found = settings(PASSWORD)
    assert "postgresql://ringmain:********@db.internal:5432/ringmain?sslmode=require" in show(found)
    assert secrets(found) == ("s3cret%2Fword", "s3cret/word")
    assert "s3cret" not in repr(found)
    assert "sqlite:///ringmain.db" in show(settings("sqlite:///ringmain.db"))
    assert not secrets(settings("sqlite:///ringmain.db"))
