import gc
import threading
from collections.abc import Callable
from typing import Any, cast

import grpc
import grpc_testing
import pytest
import ringmain
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo
from ringmain import Answer, Client, Stream
from ringmain.v1 import chat_service_pb2 as chat_pb
from ringmain.v1 import model_service_pb2 as models_pb
from ringmain.v1.content_pb2 import Part

from tests.client import samples
from tests.client.gateway import Gateway, answers, breaks, fails, hangs, sleeps, streams
from tests.fakes.waiting import LIMIT

OPENING = (samples.started(), samples.opened(Part(text="one")), samples.text(" two"))


def test_chat(gateway: Gateway, client: Client) -> None:
    """A question gets an answer, with the client's model and deadline."""
    gateway.script(answers(samples.response("hello")))
    answer = client.chat("Hi")
    assert answer == Answer(samples.response("hello"))
    assert gateway.requests == [ringmain.chat_request("Hi", model="smart")]
    assert gateway.timeouts[0] == pytest.approx(LIMIT, abs=20)


def test_the_call_wins_over_the_client(gateway: Gateway, client: Client) -> None:
    """A model and a timeout of the call replace the client's; None lifts the deadline."""
    gateway.script(*[answers(samples.response("x"))] * 2)
    client.chat("Hi", model="other", timeout=3)
    client.chat("Hi", timeout=None)
    assert cast("chat_pb.ChatRequest", gateway.requests[0]).model == "other"
    assert cast("float", gateway.timeouts[0]) == pytest.approx(3, abs=2.9)
    # Without a deadline gRPC reports none, or one in the far future.
    assert gateway.timeouts[1] is None or gateway.timeouts[1] > 1e6


def test_metadata_and_token(gateway: Gateway) -> None:
    """The token travels as a bearer, other metadata as it is, and the agent says who calls."""
    gateway.script(answers(samples.response("x")))
    with Client(gateway.target, token="sk-1", metadata=[("x-tenant", "t")]) as client:
        client.chat("Hi")
    sent = gateway.metadata[0]
    assert (sent["authorization"], sent["x-tenant"]) == ("Bearer sk-1", "t")
    assert str(sent["user-agent"]).startswith("ringmain-python")


def test_target_from_the_environment(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a target the environment's RINGMAIN_TARGET is taken."""
    monkeypatch.setenv("RINGMAIN_TARGET", gateway.target)
    gateway.script(answers(samples.response("x")))
    with Client() as client:
        assert client.chat("Hi").text == "x"


def test_errors_are_ours(gateway: Gateway, client: Client) -> None:
    """A failed call raises the reason's class, with what gRPC raised as its cause."""
    retry = RetryInfo(retry_delay=Duration(seconds=2))
    gateway.script(fails(grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED", retry))
    with pytest.raises(ringmain.RateLimited, match="RATE_LIMITED") as caught:
        client.chat("Hi")
    assert caught.value.retry_delay == 2
    assert isinstance(caught.value.__cause__, grpc.RpcError)


def test_deadline(gateway: Gateway, client: Client) -> None:
    """A call that takes longer than its timeout raises DeadlineExceeded."""
    gateway.script(sleeps())
    with pytest.raises(ringmain.DeadlineExceeded):
        client.chat("Hi", timeout=0.05)


def test_no_gateway() -> None:
    """A gateway that cannot be reached is Unavailable, at once and without a reason."""
    with Client("127.0.0.1:1", max_attempts=1) as client:
        with pytest.raises(ringmain.Unavailable) as caught:
            client.chat("Hi")
        assert caught.value.reason == ""


def test_waiting_for_the_gateway() -> None:
    """With wait_for_ready a call waits for the gateway until its deadline."""
    with (
        Client("127.0.0.1:1", wait_for_ready=True) as client,
        pytest.raises(ringmain.DeadlineExceeded),
    ):
        client.chat("Hi", timeout=0.05)


def test_unavailable_is_tried_again(gateway: Gateway, client: Client) -> None:
    """A call that ends UNAVAILABLE before an answer is repeated by gRPC, up to the limit."""
    unavailable = fails(grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN")
    gateway.script(unavailable, unavailable, answers(samples.response("at last")))
    assert client.chat("Hi").text == "at last"
    assert len(gateway.requests) == 3


def test_retries_can_be_turned_off(gateway: Gateway) -> None:
    """With one attempt nothing is repeated."""
    gateway.script(fails(grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN"))
    with Client(gateway.target, max_attempts=1) as client, pytest.raises(ringmain.Unavailable):
        client.chat("Hi")
    assert len(gateway.requests) == 1


def test_a_stream_with_content_is_not_repeated(gateway: Gateway, client: Client) -> None:
    """After the first event a broken stream is an error, never a second call."""
    gateway.script(breaks(*OPENING, failing=fails(grpc.StatusCode.UNAVAILABLE)))
    with pytest.raises(ringmain.Unavailable):
        list(client.stream("Hi"))
    assert len(gateway.requests) == 1


def test_stream(gateway: Gateway, client: Client) -> None:
    """A stream yields deltas whose text adds up to the answer, which is complete at the end."""
    gateway.script(streams(*samples.events_of(["Hel", "lo"])))
    stream = client.stream("Hi")
    with pytest.raises(RuntimeError, match="not complete"):
        _ = stream.answer
    assert "".join(map(str, stream)) == "Hello"
    assert stream.answer == Answer(samples.response("Hello"))


def test_events(gateway: Gateway, client: Client) -> None:
    """The contract's own events are there for who wants them, and fold all the same."""
    events = samples.events_of(["Hel", "lo"])
    gateway.script(streams(*events))
    stream = client.stream("Hi")
    assert list(stream.events()) == events
    assert stream.answer.text == "Hello"


def test_a_broken_stream_keeps_what_came(gateway: Gateway, client: Client) -> None:
    """When a stream breaks, the error is raised and the text so far is not lost."""
    failing = fails(grpc.StatusCode.ABORTED, "STREAM_INTERRUPTED")
    gateway.script(breaks(*OPENING, failing=failing))
    stream = client.stream("Hi")
    with pytest.raises(ringmain.StreamInterrupted, match="STREAM_INTERRUPTED"):
        list(stream)
    assert stream.partial.text == "one two"
    assert stream.partial.provider == "sandbox"


def test_silence_is_no_end(gateway: Gateway, client: Client) -> None:
    """A stream that ends well but without its last event is an interrupted one."""
    gateway.script(streams(*OPENING))
    with pytest.raises(ringmain.StreamInterrupted, match="without its last event"):
        list(client.stream("Hi"))


def leave_by_break(stream: Stream) -> None:
    """One way to leave a stream."""
    for _ in stream:
        break


def leave_by_error(stream: Stream) -> None:
    """One way to leave a stream."""
    with pytest.raises(ZeroDivisionError):
        for _ in stream:
            raise ZeroDivisionError


def leave_with(stream: Stream) -> None:
    """One way to leave a stream."""
    with stream:
        next(stream.events())


def leave_events(stream: Stream) -> None:
    """One way to leave a stream."""
    for event in stream.events():
        if event.HasField("part_delta"):
            break


def close(stream: Stream) -> None:
    """One way to leave a stream."""
    stream.close()


@pytest.mark.parametrize("leave", [leave_by_break, leave_by_error, leave_with, leave_events, close])
def test_leaving_cancels(gateway: Gateway, client: Client, leave: Callable[[Stream], None]) -> None:
    """However a stream is left, the gateway, which would go on for ever, hears of it."""
    gateway.script(hangs(*OPENING))
    stream = client.stream("Hi")
    assert gateway.arrived()
    leave(stream)
    assert gateway.ended.wait(LIMIT)


def test_a_dropped_stream_is_cancelled(gateway: Gateway, client: Client) -> None:
    """A stream that nobody holds any more, read or not, is cancelled."""
    gateway.script(hangs(*OPENING))
    stream = client.stream("Hi")
    next(iter(stream.events()))
    del stream
    gc.collect()
    assert gateway.ended.wait(LIMIT)


def test_closing_the_client_ends_its_streams(gateway: Gateway) -> None:
    """Leaving the client's block cancels what still runs."""
    gateway.script(hangs(*OPENING))
    with Client(gateway.target) as client:
        stream = client.stream("Hi")
        deltas = iter(stream)
        next(deltas)
    with pytest.raises(ringmain.Cancelled):
        list(deltas)


def test_counting_and_pricing(gateway: Gateway, client: Client) -> None:
    """Tokens and cost are asked with the very request that chat would send."""
    gateway.script(
        answers(chat_pb.CountTokensResponse(input_token_count=7)),
        answers(chat_pb.EstimateCostResponse(min_cost_nano_usd=1)),
    )
    request = ringmain.chat_request("Hi", model="smart", seed=1)
    assert client.count_tokens("Hi", seed=1).input_token_count == 7
    assert client.estimate_cost("Hi", seed=1).min_cost_nano_usd == 1
    assert gateway.requests == [
        chat_pb.CountTokensRequest(chat=request),
        chat_pb.EstimateCostRequest(chat=request),
    ]


def test_models(gateway: Gateway, client: Client) -> None:
    """All pages of models are walked, with the capabilities asked for."""
    pages = [
        models_pb.ListModelsResponse(models=[models_pb.Model(model="a")], next_page_token="2"),
        models_pb.ListModelsResponse(models=[models_pb.Model(model="b")]),
    ]
    gateway.script(*map(answers, pages))
    assert [model.model for model in client.models(["vision", "tools"])] == ["a", "b"]
    wanted = [models_pb.CAPABILITY_VISION, models_pb.CAPABILITY_TOOLS]
    assert gateway.requests[1] == models_pb.ListModelsRequest(page_token="2", capabilities=wanted)


def test_unknown_capability(client: Client) -> None:
    """An unknown capability is refused with the known ones."""
    with pytest.raises(ValueError, match=r"unknown capability 'sight': .*vision"):
        list(client.models(["sight"]))


def test_model(gateway: Gateway, client: Client) -> None:
    """One model is fetched by name; an unknown one is NotFound."""
    gateway.script(
        answers(models_pb.GetModelResponse(model=models_pb.Model(model="a"))),
        fails(grpc.StatusCode.NOT_FOUND, "MODEL_NOT_FOUND"),
    )
    assert client.model("a").model == "a"
    with pytest.raises(ringmain.NotFound):
        client.model("b")


def test_server_info(gateway: Gateway, client: Client) -> None:
    """The gateway says its version and its limits."""
    limits = models_pb.ServerLimits(max_message_bytes=1000)
    gateway.script(answers(models_pb.GetServerInfoResponse(version="1.4.0", limits=limits)))
    info = client.server_info()
    assert (info.version, info.limits.max_message_bytes) == ("1.4.0", 1000)


def test_health(gateway: Gateway, client: Client) -> None:
    """Health is what the standard health service says, by the names of its standard."""
    from grpc_health.v1.health_pb2 import HealthCheckResponse

    gateway.health.set("", HealthCheckResponse.SERVING)
    gateway.health.set("readiness", HealthCheckResponse.NOT_SERVING)
    gateway.health.set("odd", cast("Any", 9))
    assert client.health() == "SERVING"
    assert client.health("readiness") == "NOT_SERVING"
    assert client.health("odd") == "UNKNOWN"
    with pytest.raises(ringmain.NotFound):
        client.health("nobody")


def test_a_given_channel_stays_open(gateway: Gateway) -> None:
    """A channel that the caller made is the caller's to close."""
    gateway.script(*[answers(samples.response("x"))] * 2)
    with grpc.insecure_channel(gateway.target) as channel:
        for _ in range(2):
            with Client(channel=channel) as client:
                assert client.chat("Hi").text == "x"


CHAT = chat_pb.DESCRIPTOR.services_by_name["ChatService"]


def offline(serve: Callable[[Any], None]) -> Client:
    """Return a client on grpc_testing's channel, whose calls a thread serves."""
    channel = grpc_testing.channel([CHAT], grpc_testing.strict_real_time())
    threading.Thread(target=serve, args=(channel,), daemon=True).start()
    return Client(channel=channel, token="sk-1")


def test_chat_without_a_network() -> None:
    """Callers can test their code with grpc_testing's channel: here, a whole answer."""
    seen: list[object] = []

    def serve(channel: Any) -> None:
        metadata, request, rpc = channel.take_unary_unary(CHAT.methods_by_name["Chat"])
        seen.extend([tuple(metadata), request])
        rpc.send_initial_metadata(())
        rpc.terminate(samples.response("hello"), (), grpc.StatusCode.OK, "")

    assert offline(serve).chat("Hi") == Answer(samples.response("hello"))
    metadata, request = seen
    assert ("authorization", "Bearer sk-1") in cast("tuple[object, ...]", metadata)
    assert request == ringmain.chat_request("Hi")


def test_an_error_without_a_network() -> None:
    """Callers can test their code with grpc_testing's channel: here, a failure."""

    def serve(channel: Any) -> None:
        _, _, rpc = channel.take_unary_unary(CHAT.methods_by_name["Chat"])
        rpc.send_initial_metadata(())
        rpc.terminate(None, (), grpc.StatusCode.NOT_FOUND, "no such model")

    with pytest.raises(ringmain.NotFound, match="no such model"):
        offline(serve).chat("Hi")


def test_a_stream_without_a_network() -> None:
    """Callers can test their code with grpc_testing's channel: here, a stream."""

    def serve(channel: Any) -> None:
        _, _, rpc = channel.take_unary_stream(CHAT.methods_by_name["StreamChat"])
        rpc.send_initial_metadata(())
        for event in samples.events_of(["Hel", "lo"]):
            rpc.send_response(event)
        rpc.terminate((), grpc.StatusCode.OK, "")

    assert "".join(map(str, offline(serve).stream("Hi"))) == "Hello"
