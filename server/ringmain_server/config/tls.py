"""Configuration: the settings of TLS on a listener. `docs/access.md` explains them."""

from pydantic import Field

from ringmain_server.config.fields import Section, Text


class TlsSettings(Section):
    """The certificate that a listener shows, and the callers that it demands certificates of.

    The files are read again when they change; connections that are open stay as they are.
    """

    cert: Text = Field(
        description="The file with the certificate (PEM), followed by those of the authorities between it "
        "and the one that callers trust."
    )
    key: Text = Field(description="The file with the certificate's key (PEM, without a passphrase).")
    client_ca: Text | None = Field(
        default=None,
        description="A file with the certificates (PEM) of authorities. With it, only callers that show a "
        "certificate of one of these can connect.",
    )
