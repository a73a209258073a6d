"""Files of TLS that change while they are in use."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from ringmain_server.config.tls import TlsSettings
from ringmain_server.edge.tls.watch import FINISHED, QUIET, Notice, TlsFiles

from tests.fakes.authority import Authority, Files, Pair
from tests.fakes.clock import FakeClock

AUTHORITY = Authority()
FIRST = AUTHORITY.issue("localhost")
SECOND = AUTHORITY.issue("localhost")


class Watched:
    """Files, and what is told of them while time passes."""

    def __init__(self, folder: Path, pair: Pair = FIRST, *, now: datetime | None = None) -> None:
        self.files = pair.write(folder)
        self.clock, self.wall = FakeClock(), FakeClock()
        self.wall.now = (now or datetime.now(UTC)).timestamp()
        settings = TlsSettings.model_validate(self.files.settings())
        self.tls = TlsFiles(settings, "server.tls", self.clock, self.wall)

    def pass_time(self, seconds: float) -> list[Notice]:
        """Polls twice a second for some seconds."""
        found: list[Notice] = []
        for _ in range(int(seconds * 2)):
            self.clock.now += 0.5
            self.wall.now += 0.5
            found += self.tls.poll()
        return found


def messages(notices: Sequence[Notice]) -> list[str]:
    """The messages, with the problems."""
    return [f"{one.message} {one.attributes.get('problems', '')}".strip() for one in notices]


def test_a_new_pair_is_taken_once_it_is_quiet(tmp_path: Path) -> None:
    """A pair that was replaced is used from the next second on, and told of with its expiry."""
    watched = Watched(tmp_path)
    assert watched.pass_time(10) == []
    SECOND.write(tmp_path)
    assert watched.tls.poll() == []
    assert watched.tls.now.cert == FIRST.cert
    (notice,) = watched.pass_time(QUIET + 0.5)
    assert notice.message == "server.tls: the files were read again, for new connections"
    assert notice.attributes.keys() == {"setting", "expire_time"}
    assert watched.tls.now.content == (SECOND.cert, SECOND.key, None)
    assert watched.pass_time(10) == []


def test_files_that_are_still_written_are_left_alone(tmp_path: Path) -> None:
    """Between the two writes nothing is used and nothing told, and in the end the new pair is."""
    watched = Watched(tmp_path)
    watched.files.cert.write_bytes(SECOND.cert[:300])
    assert watched.pass_time(0.5) == []
    watched.files.cert.write_bytes(SECOND.cert)
    assert watched.pass_time(3) == []
    assert watched.tls.now.cert == FIRST.cert
    watched.files.key.write_bytes(SECOND.key)
    assert messages(watched.pass_time(3)) == ["server.tls: the files were read again, for new connections"]


def test_files_that_do_not_belong_together_are_told_once(tmp_path: Path) -> None:
    """The last good pair goes on, operators read why once, and they read when it is over."""
    watched = Watched(tmp_path)
    watched.files.cert.write_bytes(SECOND.cert)
    assert watched.pass_time(FINISHED - 0.5) == []
    refused = messages(watched.pass_time(30))
    problem = f"{watched.files.key} is not the key of the certificate in {watched.files.cert}"
    assert refused == [
        f"server.tls: the files cannot be used; the last good ones stay in use server.tls.key: {problem}"
    ]
    assert watched.tls.now.content == (FIRST.cert, FIRST.key, None)
    watched.files.cert.write_bytes(FIRST.cert)
    assert messages(watched.pass_time(3)) == ["server.tls: the files are again as they were"]


def test_missing_files_change_nothing(tmp_path: Path) -> None:
    """Files that are gone for a moment are not missed; those that stay away are told of."""
    watched = Watched(tmp_path)
    watched.files.key.unlink()
    assert watched.pass_time(3) == []
    FIRST.write(tmp_path)
    assert watched.pass_time(3) == []
    watched.files.key.unlink()
    assert "No such file" in "".join(messages(watched.pass_time(30)))
    assert watched.tls.now.key == FIRST.key


def test_an_operator_who_asks_need_not_wait(tmp_path: Path) -> None:
    """At a reload a new pair is used at once, and a bad one told of at once."""
    watched = Watched(tmp_path)
    watched.files.cert.write_bytes(SECOND.cert)
    assert "is not the key" in "".join(messages(watched.tls.poll(at_once=True)))
    watched.files.key.write_bytes(SECOND.key)
    assert messages(watched.tls.poll(at_once=True)) == [
        "server.tls: the files were read again, for new connections"
    ]


def test_the_links_of_a_mounted_secret_are_followed(tmp_path: Path) -> None:
    """Kubernetes swaps one link for both files; the pair behind it is taken."""
    for name, pair in (("..1", FIRST), ("..2", SECOND)):
        pair.write(tmp_path / name)
    (tmp_path / "..data").symlink_to("..1")
    files = Files(tmp_path / "tls.crt", tmp_path / "tls.key")
    for file in (files.cert, files.key):
        file.symlink_to(Path("..data") / file.name)
    clock = FakeClock()
    tls = TlsFiles(TlsSettings.model_validate(files.settings()), "server.tls", clock)
    (tmp_path / "..data_tmp").symlink_to("..2")
    (tmp_path / "..data_tmp").replace(tmp_path / "..data")
    found = [*tls.poll()]
    clock.now += QUIET
    found += tls.poll()
    assert tls.now.content == (SECOND.cert, SECOND.key, None)
    assert len(found) == 1


@pytest.mark.parametrize(
    ("left", "care"),
    [
        (timedelta(days=40), ""),
        (timedelta(days=8), "it will expire soon"),
        (timedelta(seconds=-1), "it has expired, so that callers refuse it"),
        (timedelta(days=101), "it is not valid yet, so that callers refuse it"),
    ],
)
def test_a_certificate_that_needs_care_is_told_of_once(tmp_path: Path, left: timedelta, care: str) -> None:
    """A certificate that nobody replaces is told of in time, and when it has expired; it stays in use."""
    ends = datetime.now(UTC)
    pair = AUTHORITY.issue("localhost", begins=ends - timedelta(days=100), ends=ends)
    watched = Watched(tmp_path, pair, now=ends - left)
    expected = [f"server.tls: the certificate needs care {care}"] if care else []
    assert messages(watched.pass_time(60)) == expected


def test_a_key_that_few_take_is_told_of(tmp_path: Path) -> None:
    """A key that callers on gRPC's C core refuse is used, and operators are warned."""
    pair = AUTHORITY.caller(common_names=["x"], key=ec.generate_private_key(ec.SECP521R1()))
    (notice,) = Watched(tmp_path, pair).pass_time(60)
    assert notice.attributes["problems"] == "it has a key of the kind P-521, which many callers do not take"


def test_the_same_content_again_is_no_news(tmp_path: Path) -> None:
    """Files that were written again as they were are not told of."""
    watched = Watched(tmp_path)
    FIRST.write(tmp_path)
    os.utime(watched.files.cert, ns=(1, 1))
    assert watched.pass_time(10) == []
