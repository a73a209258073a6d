"""The files of TLS, as they are checked at the start."""

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from ringmain_server.config.tls import TlsSettings
from ringmain_server.edge.tls.files import TlsError, load

from tests.fakes.authority import Authority, Files, Pair

AUTHORITY = Authority()
GOOD = AUTHORITY.issue("localhost")
OTHER = AUTHORITY.issue("localhost")
RSA = AUTHORITY.caller(common_names=["x"], key=rsa.generate_private_key(65537, 2048))
SHORT = AUTHORITY.caller(common_names=["x"], key=rsa.generate_private_key(65537, 1024))
STRANGE = AUTHORITY.caller(common_names=["x"], key=ed448.Ed448PrivateKey.generate())
CURVED = AUTHORITY.caller(common_names=["x"], key=ec.generate_private_key(ec.SECP256K1()))


def settings(files: Files, client_ca: Path | None = None) -> TlsSettings:
    """The section that names the files."""
    return TlsSettings.model_validate(files.settings(client_ca))


def refusal(files: Files, client_ca: Path | None = None) -> str:
    """The one line with which files are refused."""
    with pytest.raises(TlsError) as caught:
        load(settings(files, client_ca), "server.tls")
    message = str(caught.value)
    assert "\n" not in message
    return message


def encrypted(key: bytes, *more: str) -> bytes:
    """A key with a passphrase."""
    command = ["openssl", "pkey", "-aes256", "-passout", "pass:hello", *more]
    return subprocess.run(command, input=key, capture_output=True, check=True).stdout


@pytest.mark.parametrize("pair", [GOOD, RSA, Pair(GOOD.key + GOOD.cert, GOOD.cert + GOOD.key)])
def test_files_that_belong_together_are_loaded(tmp_path: Path, pair: Pair) -> None:
    """Certificate, key and authorities are taken as they are; both may be in one file."""
    files = pair.write(tmp_path)
    loaded = load(settings(files, AUTHORITY.write(tmp_path / "ca.pem")), "server.tls")
    assert loaded.content == (pair.cert, pair.key, AUTHORITY.root)
    assert load(settings(files), "server.tls").client_ca is None


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        (Pair(GOOD.cert, OTHER.key), "server.tls.key: {key} is not the key of the certificate in {cert}"),
        (Pair(RSA.cert, GOOD.key), "server.tls.key: {key} is not the key of the certificate in {cert}"),
        (Pair(GOOD.cert, b"hello"), "server.tls.key: {key} holds no private key (PEM)"),
        (Pair(GOOD.cert, b""), "server.tls.key: {key} holds no private key (PEM)"),
        (Pair(GOOD.cert, GOOD.cert), "server.tls.key: {key} holds no private key (PEM)"),
        (
            Pair(GOOD.cert, GOOD.key[:100]),
            "server.tls.key: {key} holds a private key that is broken or cut off",
        ),
        (
            Pair(GOOD.cert, encrypted(GOOD.key)),
            "server.tls.key: {key} needs a passphrase: `openssl pkey` writes it without one",
        ),
        (
            Pair(GOOD.cert, encrypted(GOOD.key, "-traditional")),
            "server.tls.key: {key} needs a passphrase: `openssl pkey` writes it without one",
        ),
        (Pair(b"hello", GOOD.key), "server.tls.cert: {cert} holds no certificate (PEM)"),
        (
            Pair(GOOD.key, GOOD.cert),
            "server.tls.cert: {cert} holds no certificate (PEM) but a private key: are both files swapped?",
        ),
        (Pair(GOOD.cert[:-20], GOOD.key), "server.tls.cert: {cert} is cut off within a certificate"),
        (Pair(SHORT.cert, SHORT.key), "server.tls.cert: {cert} cannot be used: ee key too small"),
        (
            Pair(STRANGE.cert, STRANGE.key),
            "server.tls.cert: {cert} has a key that gRPC cannot use: make one of RSA, P-256 or P-384",
        ),
        (
            Pair(CURVED.cert, CURVED.key),
            "server.tls.cert: {cert} has a key that gRPC cannot use: make one of RSA, P-256 or P-384",
        ),
    ],
)
def test_each_mistake_is_one_plain_line(tmp_path: Path, pair: Pair, message: str) -> None:
    """Whatever is wrong with the files is said by the setting, the file and what is wrong."""
    files = pair.write(tmp_path)
    assert refusal(files) == message.format(cert=files.cert, key=files.key)


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    """A missing file and a folder in its place are told apart."""
    files = GOOD.write(tmp_path)
    files.key.unlink()
    assert refusal(files) == f"server.tls.key: {files.key} cannot be read: No such file or directory"
    files.cert.unlink()
    files.cert.mkdir()
    assert (
        refusal(files)
        == f"server.tls.cert: {files.cert} cannot be read: it is a directory, not a regular file"
    )


@pytest.mark.parametrize(
    ("authorities", "problem"),
    [
        (b"", "holds no certificate (PEM)"),
        (GOOD.key, "holds no certificate (PEM) but a private key: are both files swapped?"),
        (AUTHORITY.root[:-20], "is cut off within a certificate"),
    ],
)
def test_authorities_of_callers_are_checked(tmp_path: Path, authorities: bytes, problem: str) -> None:
    """A file of authorities without any would let in nobody, so it is refused."""
    (tmp_path / "ca.pem").write_bytes(authorities)
    found = refusal(GOOD.write(tmp_path), tmp_path / "ca.pem")
    assert found == f"server.tls.client_ca: {tmp_path / 'ca.pem'} {problem}"
