"""The sandbox reads a request as a server does."""

from ringmain_sandbox.received import File
from ringmain_server.providers.sandbox.receive import receive
from ringmain_server.providers.transport import FormField, HttpRequest


async def test_a_form_as_a_server_reads_it() -> None:
    """Numbers of a form are numbers again where they can be, and what has a file's name is a file."""
    form = [
        FormField("n", "2"),
        FormField("seed", "many"),
        FormField("prompt", "7"),
        FormField("image", b"\x89PNG", "a.png", "image/png"),
        FormField("image", lambda: b"GIF89a", "b.gif", "image/gif"),
        FormField("mask", "ä", "c.txt", "text/plain"),
    ]
    found = await receive(HttpRequest("/images/edits", form=form))
    assert found.body == {"n": 2, "seed": "many", "prompt": "7"}
    assert found.files["image"] == (File(b"\x89PNG", "image/png"), File(b"GIF89a", "image/gif"))
    assert found.files["mask"] == (File("ä".encode(), "text/plain"),)
