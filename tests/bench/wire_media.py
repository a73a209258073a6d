"""Tests, benchmark: what large images and many vectors cost the gateway. `python -m tests.bench.wire_media`.

The gateway is a process of its own, and so is its upstream; `media_upstream.py`. Memory is the kernel's own
high-water mark (`VmHWM`), reset before each measurement (proc(5), `clear_refs`). Linux only.

* image: one call that sends 20 MB and gets 20 MB, whole and streamed: how far memory rises above what a small
  call left behind
* embeddings: CPU of a call with 2,048 texts and vectors of 1,536 dimensions; at Vertex AI also what its bare
  client costs, which is the provider's (`bare_vectors.py`)
"""

import argparse
import os
import statistics
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import grpc
from ringmain.v1 import embedding_service_pb2 as embedding
from ringmain.v1 import embedding_service_pb2_grpc as embedding_grpc
from ringmain.v1 import image_service_pb2 as image
from ringmain.v1 import image_service_pb2_grpc as image_grpc
from ringmain.v1.content_pb2 import Media

from tests.bench import bare_vectors, processes, servers
from tests.bench.processes import Target
from tests.bench.providers import VERTEX, Upstreams
from tests.bench.servers import FOLDER

MEGABYTE = 1_000_000
TEXTS = 2048
TEXT = "some words"
BATCHES = {250: "text-embedding-005", 1: "gemini-embedding-001"}
"""Texts of one request at Vertex AI, and a model that takes so many."""
_ANY_SIZE = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


def _noise_png(size: int) -> bytes:
    """A PNG of noise of about this size, which the gateway takes as it is."""
    side = int((size / 3) ** 0.5)
    rows = b"".join(b"\0" + os.urandom(side * 3) for _ in range(side))
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows, 0)),
        (b"IEND", b""),
    )
    found = b"\x89PNG\r\n\x1a\n"
    for name, data in chunks:
        found += struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    return found


@contextmanager
def _gateway(size: int) -> Iterator[tuple[Target, grpc.Channel]]:
    FOLDER.mkdir(exist_ok=True)
    with running_upstream(size) as port:
        provider = {"kind": "openai", "base_url": f"http://127.0.0.1:{port}/v1", "api_key": "sk-x"}
        with (
            servers.gateway("media", {"providers": {"up": provider}}) as target,
            grpc.insecure_channel(target.address, _ANY_SIZE) as channel,
        ):
            yield target, channel


def running_upstream(size: int) -> AbstractContextManager[int]:
    """The upstream, whose images are of this many bytes."""
    os.environ["BENCH_IMAGE_BYTES"] = str(size)
    return processes.upstream("tests.bench.media_upstream", servers.LOG)


def _peak(target: Target) -> int:
    status = Path(f"/proc/{target.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def _rise(target: Target, call: Callable[[], object]) -> float:
    """Megabytes by which the peak of a call is above the memory before it."""
    Path(f"/proc/{target.pid}/clear_refs").write_text("5")
    before = target.rss()
    call()
    return (_peak(target) - before) / MEGABYTE


def _edit(channel: grpc.Channel, media: Media) -> object:
    request = image.EditImagesRequest(model="up/gpt-image-1.5", prompt="A fox", images=[media])
    return image_grpc.ImageServiceStub(channel).EditImages(request)


def _stream(channel: grpc.Channel, media: Media) -> object:
    edited = image.EditImagesRequest(model="up/dall-e-9", prompt="A fox", images=[media])
    events = image_grpc.ImageServiceStub(channel).StreamImages(image.StreamImagesRequest(edit=edited))
    return sum(len(event.chunk.data) for event in events)


def image_rises(size: int, repeats: int, *, streamed: bool) -> list[float]:
    """Megabytes by which memory rises with an image in and an image out, of each call."""
    picture = Media(data=_noise_png(size), mime_type="image/png")
    small = Media(data=_noise_png(10_000), mime_type="image/png")
    call = _stream if streamed else _edit
    with _gateway(size) as (target, channel):
        call(channel, small)
        return [_rise(target, lambda: call(channel, picture)) for _ in range(repeats)]


def images(size: int, repeats: int) -> None:
    """Prints how far memory rises with an image in and an image out."""
    for name, streamed in (("whole", False), ("streamed", True)):
        told = " ".join(f"{rise:.0f}" for rise in image_rises(size, repeats, streamed=streamed))
        print(f"image of {size / MEGABYTE:.0f} MB in and out, {name}: RSS rises by {told} MB")


def _spent(target: Target, channel: grpc.Channel, model: str, calls: int) -> float:
    """CPU milliseconds of the gateway for one call with many texts."""
    stub = embedding_grpc.EmbeddingServiceStub(channel)
    request = embedding.EmbedRequest(model=model, texts=[TEXT] * TEXTS)
    stub.Embed(request)
    before = target.cpu_seconds()
    for _ in range(calls):
        stub.Embed(request)
    return (target.cpu_seconds() - before) / calls * 1000


def embeddings(repeats: int) -> None:
    """Prints the CPU of a call with many texts."""
    with _gateway(1000) as (target, channel):
        spent = statistics.median(_spent(target, channel, "up/text-embedding-9", 5) for _ in range(repeats))
    print(f"{TEXTS} texts of 1536 dimensions, openai: {spent:.0f} ms of CPU a call")


def vertex_embeddings(repeats: int) -> None:
    """Prints the CPU of a call with many texts beside that of Vertex AI's bare client, in turn."""
    with processes.upstream("tests.bench.vertex_upstream", servers.LOG) as port:
        section = VERTEX.section(Upstreams(http=0, grpc=port)) | {"kind": "vertex"}
        with (
            servers.gateway("vectors", {"providers": {"google": section}}) as target,
            grpc.insecure_channel(target.address, _ANY_SIZE) as channel,
        ):
            for size, model in BATCHES.items():
                pairs = []
                for _ in range(repeats):
                    bare = bare_vectors.cpu_of_batches(f"127.0.0.1:{port}", [TEXT] * TEXTS, size, 3) * 1000
                    pairs.append((_spent(target, channel, f"google/{model}", 3), bare))
                ours, bare = (statistics.median(side) for side in zip(*pairs, strict=True))
                beyond = statistics.median(one - other for one, other in pairs)
                print(
                    f"{TEXTS} texts of 1536 dimensions, vertex, {size} a request: {ours:.0f} ms of CPU, "
                    f"Google's bare client {bare:.0f} ms, beyond it {beyond:.0f} ms"
                )


def main() -> None:
    """Measures everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    images(options.megabytes * MEGABYTE, options.repeats)
    embeddings(options.repeats)
    vertex_embeddings(options.repeats)


if __name__ == "__main__":
    main()
