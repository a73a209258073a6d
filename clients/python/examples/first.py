"""Streams an answer: `python first.py [MODEL]`. It waits for a gateway that is starting."""

# ruff: noqa: INP001, T201  an example is no package, and prints

import sys

from ringmain import Client

with Client(model=(sys.argv[1:] or ["sandbox/chat"])[0], wait_for_ready=True, timeout=300) as client:
    stream = client.stream("What is a ring main?")
    for delta in stream:
        print(delta, end="", flush=True)
    print(f"\n{stream.answer.usage.output_token_count} tokens by {stream.answer.provider}")
