"""Command line: shows a picture in the terminal, where it can show one.

It uses kitty's protocol (https://sw.kovidgoyal.net/kitty/graphics-protocol/), which Ghostty and Konsole
support
too, or iTerm2's (https://iterm2.com/documentation-images.html), as do WezTerm, mintty and VS Code.
"""

import base64
import os
from collections.abc import Iterator, Mapping

_CHUNK = 4096
_KITTY_TERMS = ("xterm-kitty", "xterm-ghostty")
_ITERM_PROGRAMS = ("iTerm.app", "WezTerm", "mintty", "vscode")


def protocol(environ: Mapping[str, str] = os.environ) -> str:
    """Returns `kitty`, `iterm`, or nothing where the terminal shows no pictures, by its environment.

    Inside tmux and screen nothing is shown: both would drop or garble the picture.
    """
    if environ.get("TMUX") or environ.get("STY"):
        return ""
    if (
        environ.get("TERM") in _KITTY_TERMS
        or environ.get("KITTY_WINDOW_ID")
        or environ.get("KONSOLE_VERSION")
    ):
        return "kitty"
    named = environ.get("TERM_PROGRAM") in _ITERM_PROGRAMS or environ.get("LC_TERMINAL") == "iTerm2"
    return "iterm" if named else ""


def picture(data: bytes, protocol_name: str) -> str:
    """Returns the control sequence that shows a picture.

    Args:
        data: A PNG; iTerm2's protocol takes any format.
        protocol_name: The result of `protocol`.
    """
    encoded = base64.b64encode(data).decode()
    if protocol_name == "iterm":
        return f"\x1b]1337;File=inline=1;size={len(data)};preserveAspectRatio=1:{encoded}\a\n"
    return "".join(_kitty(encoded)) + "\n"


def _kitty(encoded: str) -> Iterator[str]:
    for start in range(0, len(encoded), _CHUNK):
        piece = encoded[start : start + _CHUNK]
        more = int(start + _CHUNK < len(encoded))
        head = f"a=T,f=100,m={more}" if not start else f"m={more}"
        yield f"\x1b_G{head};{piece}\x1b\\"
