"""Tests, benchmark: an upstream of OpenAI's wire that gives one large image or many vectors, at little cost.

`BENCH_IMAGE_BYTES=20000000 python -m tests.bench.media_upstream --port 9801`
"""

import argparse
import asyncio
import base64
import os
import struct

import orjson
from aiohttp import web

DIMENSIONS = 1536
_PNG = b"\x89PNG\r\n\x1a\n"
_PIECE = 64 << 10


def _drawn(size: int) -> bytes:
    """An answer with an image that no compression makes smaller; only its first bytes are those of a PNG."""
    # The header says one pixel: nobody decodes it.
    head = _PNG + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 1, 1, 8, 2, 0, 0, 0) + b"\0\0\0\0"
    picture = base64.b64encode(head + os.urandom(size - len(head))).decode()
    usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
    return orjson.dumps({"created": 1, "data": [{"b64_json": picture}], "usage": usage})


def _embedded(count: int) -> bytes:
    vector = base64.b64encode(struct.pack(f"<{DIMENSIONS}f", *(0.5,) * DIMENSIONS)).decode()
    rows = [{"object": "embedding", "index": index, "embedding": vector} for index in range(count)]
    usage = {"prompt_tokens": count, "total_tokens": count}
    return orjson.dumps({"object": "list", "model": "m", "data": rows, "usage": usage})


async def _serve(port: int, size: int) -> None:
    drawn, vectors = _drawn(size), {}

    async def answer(request: web.Request) -> web.StreamResponse:
        received = bytearray()
        if request.path.endswith("/embeddings"):
            body = orjson.loads(await request.read())
            count = len(body["input"])
            if count not in vectors:
                vectors[count] = _embedded(count)
            return web.Response(body=vectors[count], content_type="application/json")
        async for chunk in request.content.iter_chunked(_PIECE):
            received[:] = chunk  # is let go of
        response = web.StreamResponse(headers={"content-type": "application/json"})
        response.content_length = len(drawn)
        await response.prepare(request)
        view = memoryview(drawn)
        for start in range(0, len(view), _PIECE):
            await response.write(view[start : start + _PIECE])
        return response

    app = web.Application(client_max_size=0)
    app.router.add_post("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    asyncio.run(_serve(parser.parse_args().port, int(os.environ["BENCH_IMAGE_BYTES"])))
