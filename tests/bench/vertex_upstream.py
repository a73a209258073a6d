"""Tests, benchmark: an upstream of Vertex AI's wire that costs next to nothing.

Its messages are serialized once; what they hold stands in `tests/fakes/vertex_server.py`. As its own process:
`python -m tests.bench.vertex_upstream --port 9803`; it prints its port.
"""

import argparse
import asyncio

import uvloop

from tests.fakes.vertex_server import bench_server


async def serve(port: int) -> None:
    """Serves on loopback until cancelled, and prints the port when it listens."""
    server, bound = await bench_server(port)
    print(bound, flush=True)
    await server.wait_for_termination()


def main() -> None:
    """Serves until interrupted."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(options.port))


if __name__ == "__main__":
    main()
