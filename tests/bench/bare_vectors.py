"""Tests, benchmark: Vertex AI's own client for vectors, as bare as can be: call, and parse the answer.

What this costs is the provider's, whoever calls it. Messages as plain protobuf; reading their numbers one by
one, as a program that uses them would, is not counted, though it takes seconds.
"""

import asyncio
import time
from collections.abc import Sequence

import grpc.aio
import uvloop
from google.protobuf.struct_pb2 import Struct, Value
from ringmain_server.providers.multi_step import PARALLEL
from ringmain_server.providers.vertex import wire

_PREDICT = "/google.cloud.aiplatform.v1.PredictionService/Predict"
_LIMIT = 64 << 20


def cpu_of_batches(address: str, texts: Sequence[str], size: int, repeats: int) -> float:
    """CPU seconds of this process for all texts, in requests of this many; the mean of some rounds."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_cpu(address, texts, size, repeats))


async def _cpu(address: str, texts: Sequence[str], size: int, repeats: int) -> float:
    options = [("grpc.max_receive_message_length", _LIMIT), ("grpc.http2.bdp_probe", 0)]
    async with grpc.aio.insecure_channel(address, options=options) as channel:
        predict: grpc.aio.UnaryUnaryMultiCallable[wire.PredictRequest, wire.PredictResponse]
        predict = channel.unary_unary(
            _PREDICT, wire.PredictRequest.SerializeToString, wire.PredictResponse.FromString
        )
        await _all(predict, texts, size)
        began = time.process_time()
        for _ in range(repeats):
            await _all(predict, texts, size)
        return (time.process_time() - began) / repeats


async def _all(
    predict: "grpc.aio.UnaryUnaryMultiCallable[wire.PredictRequest, wire.PredictResponse]",
    texts: Sequence[str],
    size: int,
) -> None:
    room = asyncio.Semaphore(PARALLEL)

    async def one(batch: Sequence[str]) -> wire.PredictResponse:
        async with room:
            return await predict(_request(batch))

    async with asyncio.TaskGroup() as group:
        for start in range(0, len(texts), size):
            group.create_task(one(texts[start : start + size]))


def _request(batch: Sequence[str]) -> wire.PredictRequest:
    found = wire.PredictRequest(endpoint="projects/p/locations/l/publishers/google/models/m")
    for text in batch:
        instance = Struct()
        instance["content"] = text
        found.instances.append(Value(struct_value=instance))
    return found
