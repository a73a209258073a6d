"""Every image service over its wire, through the whole gateway."""

import asyncio
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio
import pytest
from PIL import Image
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain.v1 import image_service_pb2_grpc as image_grpc
from ringmain.v1.content_pb2 import Media

from tests.e2e.gateway import Gateway, gateway
from tests.edge.serving import details
from tests.fakes.jobs_server import JobsServer, jobs_server, mask_picture, picture
from tests.fakes.waiting import LIMIT

MODELS = {
    "stability": "core",
    "replicate": "black-forest-labs/flux",
    "leonardo": "b24e16ff",
    "runway": "gen4_image",
    "luma": "photon-1",
    "fal": "fal-ai/flux/dev",
}
CANCELLING = ("replicate", "leonardo", "runway", "luma", "fal")


@dataclass
class Setup:
    """A gateway in front of one service."""

    upstream: JobsServer
    gateway: Gateway
    stub: "image_grpc.ImageServiceAsyncStub"


@asynccontextmanager
async def setup(kind: str, *, retries: int = 0, interval: float = 0.02) -> AsyncIterator[Setup]:
    """A gateway with the model `m` at a service that is asked without long waits."""
    async with jobs_server(kind) as upstream:
        provider = {
            "kind": kind,
            "base_url": upstream.url,
            "api_key": "key-of-the-service-123",
            "poll_interval": interval,
        }
        config: Mapping[str, Any] = {
            "providers": {"p": provider},
            "models": {"m": {"candidates": [f"p/{MODELS[kind]}"]}},
            "retry": {"attempts": retries},
        }
        async with gateway(config) as ringmain:
            stub: image_grpc.ImageServiceAsyncStub = image_grpc.ImageServiceStub(ringmain.channel)
            yield Setup(upstream, ringmain, stub)


def ask(**config: Any) -> image_pb2.GenerateImagesRequest:
    """A prompt for the model."""
    return image_pb2.GenerateImagesRequest(
        model="m", prompt="a red fox", image_config=image_pb2.ImageConfig(**config)
    )


@pytest.mark.parametrize("kind", MODELS)
async def test_draws(kind: str) -> None:
    """Two images of a prompt come back whole, with their usage, whoever draws them."""
    async with setup(kind) as here:
        response = await here.stub.GenerateImages(ask(image_count=2, seed=3, size="1024x576"))
    assert [image.media.data for image in response.images] == [picture()] * 2
    assert {image.media.mime_type for image in response.images} == {"image/png"}
    assert response.usage.image_count == 2
    assert not response.usage.HasField("cost_nano_usd")
    assert response.route.provider_model == MODELS[kind]


@pytest.mark.parametrize("kind", MODELS)
async def test_credentials_go_to_the_service_alone(kind: str) -> None:
    """Every request of the wire has the key."""
    async with setup(kind) as here:
        await here.stub.GenerateImages(ask())
    told = [request.headers["Authorization"] for request in here.upstream.requests]
    assert set(told) == {"Key key-of-the-service-123" if kind == "fal" else "Bearer key-of-the-service-123"}


@pytest.mark.parametrize("kind", CANCELLING)
async def test_a_caller_that_leaves_stops_the_job(kind: str) -> None:
    """The job that nobody waits for is taken back at the service."""
    async with setup(kind) as here:
        here.upstream.looks = 1000
        call = here.stub.GenerateImages(ask())
        await asyncio.wait_for(here.upstream.hanging.wait(), 15)
        before = len(here.upstream.requests)
        call.cancel()
        async with asyncio.timeout(LIMIT):
            while not _stops(here.upstream, before):  # noqa: ASYNC110 - the fake's list has no event
                await asyncio.sleep(0.01)


def _stops(upstream: JobsServer, since: int) -> list[str]:
    paths = upstream.paths()[since:]
    return [path for path in paths if path.startswith(("DELETE", "PUT")) or path.endswith("/cancel")]


@pytest.mark.parametrize(
    ("kind", "fail", "reason"),
    [
        ("stability", "CONTENT_FILTERED", "CONTENT_FILTERED"),
        ("replicate", "NSFW content detected", "CONTENT_FILTERED"),
        ("replicate", "prompt must be shorter", "PROVIDER_REJECTED"),
        ("replicate", "CUDA out of memory", "PROVIDERS_UNAVAILABLE"),
        ("leonardo", "failed", "PROVIDERS_UNAVAILABLE"),
        ("runway", "SAFETY.INPUT.TEXT", "CONTENT_FILTERED"),
        ("runway", "INTERNAL.BAD_OUTPUT", "PROVIDERS_UNAVAILABLE"),
        ("luma", "400: prompt not allowed because advanced moderation failed", "CONTENT_FILTERED"),
        ("fal", "content_policy_violation", "CONTENT_FILTERED"),
        ("fal", "value_error", "PROVIDER_REJECTED"),
    ],
)
async def test_a_job_that_fails_has_its_row(kind: str, fail: str, reason: str) -> None:
    """A job's failure is the service's fault, the request's, or the filter's; never an empty success."""
    async with setup(kind) as here:
        here.upstream.fail = fail
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await here.stub.GenerateImages(ask())
    assert details(failed.value)["ErrorInfo"].reason == reason  # type: ignore[attr-defined]
    assert here.upstream.url.rpartition("/")[2] not in (failed.value.details() or "")


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (401, {"detail": "Unauthenticated"}, "PROVIDERS_UNAVAILABLE"),
        (402, {"detail": "Insufficient credit"}, "PROVIDERS_UNAVAILABLE"),
        (403, {"name": "content_moderation", "errors": ["flagged"]}, "CONTENT_FILTERED"),
        (404, {"error": "no such model"}, "MODEL_NOT_FOUND"),
        (422, {"detail": [{"msg": "prompt is too long"}]}, "PROVIDER_REJECTED"),
        (429, {"message": "slow down"}, "PROVIDERS_RATE_LIMITED"),
        (500, {"errors": ["oops"]}, "PROVIDERS_UNAVAILABLE"),
    ],
)
async def test_a_refused_submission_has_its_row(status: int, body: Mapping[str, Any], reason: str) -> None:
    """Each status means what the table says; the message of a rejection is passed on."""
    async with setup("replicate") as here:
        here.upstream.refuse["/"] = (status, body)
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await here.stub.GenerateImages(ask())
    assert details(failed.value)["ErrorInfo"].reason == reason  # type: ignore[attr-defined]
    assert ("prompt is too long" in (failed.value.details() or "")) is (status == 422)


async def test_a_bad_moment_does_not_lose_a_paid_job() -> None:
    """A look at a job that fails is followed by another."""
    async with setup("replicate") as here:
        here.upstream.refuse["/predictions/"] = (503, {})
        call = asyncio.ensure_future(here.stub.GenerateImages(ask()))
        async with asyncio.timeout(LIMIT):
            while len(here.upstream.requests) < 2:  # noqa: ASYNC110 - the fake's list has no event
                await asyncio.sleep(0.01)
        here.upstream.refuse.clear()
        assert len((await call).images) == 1
    assert here.upstream.jobs == 1


async def test_pictures_elsewhere_are_not_fetched_from_unknown_hosts() -> None:
    """An address that is neither at the service nor at its own hosts is not followed."""
    async with setup("replicate") as here:
        here.upstream.files = "https://169.254.169.254"
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await here.stub.GenerateImages(ask())
    assert "host that is not known" in (failed.value.details() or "")


async def test_stability_edits() -> None:
    """Inpainting, outpainting and style each have a path of their own, and the files go as a form."""
    image, mask = Media(data=picture(), mime_type="image/png"), Media(data=mask_picture())
    async with setup("stability") as here:
        cases: Sequence[Mapping[str, Any]] = (
            {"mode": image_pb2.EDIT_MODE_INPAINT, "mask": mask},
            {"mode": image_pb2.EDIT_MODE_OUTPAINT, "outpaint": image_pb2.Margins(left=8, top=4)},
            {"mode": image_pb2.EDIT_MODE_STYLE},
            {"mode": image_pb2.EDIT_MODE_STYLE, "images": [image, image]},
            {},
        )
        for fields in cases:
            request = image_pb2.EditImagesRequest(
                **{"model": "m", "prompt": "x", "images": [image], **fields}
            )
            assert (await here.stub.EditImages(request)).images[0].media.data == picture()
    paths = [request.path.removeprefix("/v2beta/stable-image") for request in here.upstream.requests]
    assert paths == [
        "/edit/inpaint", "/edit/outpaint", "/control/style", "/control/style-transfer", "/generate/sd3",
    ]  # fmt: skip
    inpaint, outpaint, style, transfer, whole = (request.body for request in here.upstream.requests)
    assert {"image", "mask", "prompt", "output_format"} == inpaint.keys()
    assert Image.open(io.BytesIO(inpaint["mask"])).convert("L").getcolors() == [(24, 0), (24, 255)]
    assert (outpaint["left"], outpaint["up"]) == ("8", "4")
    assert not {"right", "down"} & outpaint.keys()
    assert style["image"] == picture()
    assert {"init_image", "style_image"} <= transfer.keys()
    assert whole["mode"] == "image-to-image"


@pytest.mark.parametrize(
    ("model", "factor", "path"),
    [
        ("fast", 4, "/v2beta/stable-image/upscale/fast"),
        ("conservative", 2, "/v2beta/stable-image/upscale/conservative"),
        ("creative", 2, "/v2beta/results/job1"),
    ],
)
async def test_stability_upscales(model: str, factor: int, path: str) -> None:
    """The quick upscaler answers at once, the creative one by a job."""
    async with setup("stability") as here:
        request = image_pb2.UpscaleImageRequest(
            model=f"p/{model}",
            image=Media(data=picture(), mime_type="image/png"),
            upscale_config=image_pb2.UpscaleConfig(factor=factor),
        )
        if model == "creative":
            here.upstream.looks = 0
        response = await here.stub.UpscaleImage(request)
    assert response.image.data == picture()
    assert here.upstream.requests[-1].path == path


async def test_a_factor_that_a_model_lacks_is_named() -> None:
    """A model that only enlarges four times says so."""
    async with setup("stability") as here:
        request = image_pb2.UpscaleImageRequest(
            model="p/fast",
            image=Media(data=picture(), mime_type="image/png"),
            upscale_config=image_pb2.UpscaleConfig(factor=3),
        )
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await here.stub.UpscaleImage(request)
    violations = details(failed.value)["BadRequest"].field_violations  # type: ignore[attr-defined]
    assert [violation.field for violation in violations] == ["upscale_config.factor"]


@pytest.mark.parametrize("kind", ["replicate", "runway", "fal"])
async def test_edits_by_jobs(kind: str) -> None:
    """Images go to a job inside an address."""
    async with setup(kind) as here:
        image = Media(data=picture("blue"), mime_type="image/png")
        request = image_pb2.EditImagesRequest(model="m", prompt="x", images=[image])
        assert len((await here.stub.EditImages(request)).images) == 1
    assert "data:image/png;base64," in str(here.upstream.requests[0].body)


async def test_an_image_that_a_service_takes_by_address_alone() -> None:
    """Luma's refusal of bytes names the field; an address is passed on."""
    async with setup("luma") as here:
        request = image_pb2.EditImagesRequest(model="m", prompt="x", images=[Media(data=picture())])
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await here.stub.EditImages(request)
        request.images[0].uri = "https://img.example.com/a.png"
        assert len((await here.stub.EditImages(request)).images) == 1
    assert details(failed.value)["ErrorInfo"].reason == "MEDIA_INVALID"  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ["replicate", "fal"])
async def test_upscales_by_jobs(kind: str) -> None:
    """The factor goes to the service under its own name."""
    async with setup(kind) as here:
        request = image_pb2.UpscaleImageRequest(
            model="m",
            image=Media(data=picture(), mime_type="image/png"),
            upscale_config=image_pb2.UpscaleConfig(factor=2, prompt="fox"),
        )
        assert (await here.stub.UpscaleImage(request)).image.data == picture()
    body = here.upstream.requests[0].body
    assert 2 in (body.get("upscale_factor"), body.get("input", {}).get("scale"))


async def test_streams_the_bytes_of_jobs() -> None:
    """A service without previews still streams: bytes in pieces once they are there."""
    async with setup("replicate") as here:
        stream = here.stub.StreamImages(image_pb2.StreamImagesRequest(generate=ask(), preview_count=2))
        events = [event async for event in stream]
    assert [event.WhichOneof("event") for event in events] == ["started", "chunk", "finished"]
    assert events[1].chunk.data == picture()
    assert events[-1].finished.route.provider_id == "p"
