"""Image services of "submit, poll, fetch" on loopback: each with its own paths, names and statuses.

Paths and bodies follow the services' documentation, which each description in `providers/jobs/services`
names.
"""

import asyncio
import base64
import io
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from PIL import Image


def picture(colour: str = "red", size: tuple[int, int] = (8, 6)) -> bytes:
    """A small PNG of one colour."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


def mask_picture(size: tuple[int, int] = (8, 6)) -> bytes:
    """A mask whose left half is transparent."""
    file = io.BytesIO()
    mask = Image.new("RGBA", size, "black")
    mask.paste((0, 0, 0, 0), (0, 0, size[0] // 2, size[1]))
    mask.save(file, "PNG")
    return file.getvalue()


@dataclass
class Request:
    """What came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True)
class Moment:
    """One answer in place of the usual one.

    Attributes:
        status: Its status; 0 for a connection that is cut, after the request was carried out.
        body: Its body; bytes as they are, anything else as JSON.
        headers: Its headers.
    """

    status: int = 503
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class JobsServer:
    """A service that needs two looks to finish, unless a test says otherwise.

    Attributes:
        url: Its base address.
        requests: What came in.
        looks: How many looks at a job find it unfinished.
        fail: What a finished job says went wrong, None for nothing.
        files: Where pictures are, when not at the service itself.
        refuse: Status and body of every answer to a path that begins so.
        moments: Answers in place of the usual ones, once each and in order, by what the method and the path
            contain.
        count: How many pictures a job makes whose service is asked for one alone.
        flags: What a finished job says beside its pictures.
        image_flags: What it says of each picture.
    """

    url: str = ""
    requests: list[Request] = field(default_factory=list)
    looks: int = 1
    fail: str | None = None
    files: str = ""
    refuse: dict[str, tuple[int, Mapping[str, Any]]] = field(default_factory=dict)
    moments: dict[str, list[Moment]] = field(default_factory=dict)
    count: int = 1
    flags: Mapping[str, Any] = field(default_factory=dict)
    image_flags: Sequence[Mapping[str, Any]] = ()
    asked: dict[str, int] = field(default_factory=dict)
    jobs: int = 0
    hanging: asyncio.Event = field(default_factory=asyncio.Event)

    def paths(self) -> list[str]:
        return [f"{request.method} {request.path}" for request in self.requests]

    def new_job(self) -> str:
        self.jobs += 1
        return f"job{self.jobs}"

    def finished(self, job: str) -> bool:
        """Whether a look finds a job finished."""
        self.asked[job] = self.asked.get(job, 0) + 1
        self.hanging.set()
        return self.asked[job] > self.looks

    def picture_url(self, job: str, index: int = 0) -> str:
        return f"{self.files or self.url}/files/{job}{f'-{index}' if index else ''}.png"

    def picture_urls(self, job: str, count: int = 0) -> list[str]:
        return [self.picture_url(job, index) for index in range(count or self.count)]

    def described(self, job: str, count: int) -> list[dict[str, Any]]:
        """Each picture as an object, with what is said of it."""
        said = [*self.image_flags, *([{}] * count)]
        urls = self.picture_urls(job, count)
        return [{"url": url, **more} for url, more in zip(urls, said, strict=False)]

    def sent(self, start: str) -> list[str]:
        """What came in whose method and path begin so."""
        return [path for path in self.paths() if path.startswith(start)]

    def moment(self, request: Request) -> Moment | None:
        """What is answered in place of the usual, if anything is left of that."""
        called = f"{request.method} {request.path}"
        fitting = [left for part, left in self.moments.items() if part in called and left]
        return fitting[0].pop(0) if fitting else None


Answer = Callable[[JobsServer, Request], tuple[int, Mapping[str, Any]] | None]


def replicate(server: JobsServer, request: Request) -> tuple[int, Mapping[str, Any]] | None:
    """https://replicate.com/docs/reference/http."""
    if request.method == "POST" and request.path.endswith("/cancel"):
        return 200, {"status": "canceled"}
    if request.method == "POST":
        return 201, {"id": server.new_job(), "status": "starting", "output": None, "error": None}
    job = request.path.rpartition("/")[2]
    if not server.finished(job):
        return 200, {"id": job, "status": "processing", "output": None}
    if server.fail:
        return 200, {"id": job, "status": "failed", "error": server.fail}
    return 200, {"id": job, "status": "succeeded", "output": server.picture_urls(job), **server.flags}


def leonardo(server: JobsServer, request: Request) -> tuple[int, Mapping[str, Any]] | None:
    """https://docs.leonardo.ai/reference/creategeneration."""
    if request.method == "POST":
        return 200, {"sdGenerationJob": {"generationId": server.new_job(), "apiCreditCost": 7}}
    if request.method == "DELETE":
        return 200, {"delete_generations_by_pk": {"id": "x"}}
    job = request.path.rpartition("/")[2]
    if not server.finished(job):
        return 200, {"generations_by_pk": {"status": "PENDING", "generated_images": []}}
    count = next(one.body["num_images"] for one in server.requests if one.method == "POST")
    images = [{"nsfw": False, **image} for image in server.described(job, count)]
    status = "FAILED" if server.fail else "COMPLETE"
    return 200, {"generations_by_pk": {"status": status, "generated_images": images, **server.flags}}


def runway(server: JobsServer, request: Request) -> tuple[int, Mapping[str, Any]] | None:
    """https://docs.dev.runwayml.com/api."""
    if request.method == "POST":
        return 200, {"id": server.new_job()}
    if request.method == "DELETE":
        return 204, {}
    job = request.path.rpartition("/")[2]
    if not server.finished(job):
        return 200, {"id": job, "status": "RUNNING", "progress": 0.5}
    if server.fail:
        return 200, {"id": job, "status": "FAILED", "failure": "no", "failureCode": server.fail}
    return 200, {"id": job, "status": "SUCCEEDED", "output": server.picture_urls(job)}


def luma(server: JobsServer, request: Request) -> tuple[int, Mapping[str, Any]] | None:
    """https://docs.lumalabs.ai/docs/image-generation."""
    if request.method == "POST":
        return 201, {"id": server.new_job(), "state": "queued", "assets": None}
    if request.method == "DELETE":
        return 204, {}
    job = request.path.rpartition("/")[2]
    if not server.finished(job):
        return 200, {"id": job, "state": "dreaming", "assets": None}
    if server.fail:
        return 200, {"id": job, "state": "failed", "failure_reason": server.fail}
    return 200, {"id": job, "state": "completed", "assets": {"image": server.picture_url(job), "video": None}}


def fal(server: JobsServer, request: Request) -> tuple[int, Mapping[str, Any]] | None:
    """https://docs.fal.ai/model-apis/model-endpoints/queue."""
    if request.method == "POST":
        return 200, {"request_id": server.new_job(), "status": "IN_QUEUE", "queue_position": 0}
    if request.method == "PUT":
        return 202, {"status": "CANCELLATION_REQUESTED"}
    job = request.path.split("/")[4]
    if request.path.endswith("/status"):
        return 200, {"status": "COMPLETED" if server.finished(job) else "IN_PROGRESS"}
    if server.fail:
        return 422, {"detail": [{"type": server.fail, "msg": "The content could not be processed."}]}
    count = next(one.body.get("num_images", 1) for one in server.requests if one.method == "POST")
    images = [{"content_type": "image/png", **image} for image in server.described(job, count)]
    return 200, {"images": images, "has_nsfw_concepts": [False] * count, "seed": 1, **server.flags}


def stability(server: JobsServer, request: Request) -> tuple[int, Mapping[str, Any]] | None:
    """https://platform.stability.ai/docs/api-reference."""
    drawn = base64.b64encode(picture()).decode()
    if request.path.endswith("/upscale/creative"):
        return 200, {"id": server.new_job()}
    if request.path.startswith("/v2beta/results/"):
        job = request.path.rpartition("/")[2]
        return (200, {"result": drawn, "finish_reason": "SUCCESS"}) if server.finished(job) else (
            202, {"id": job, "status": "in-progress"}
        )  # fmt: skip
    if not request.path.startswith("/v2beta/stable-image/"):
        return None
    reason = server.fail or "SUCCESS"
    return 200, {"image": drawn, "finish_reason": reason, "seed": 5}


SERVICES: Mapping[str, Answer] = {
    "stability": stability,
    "replicate": replicate,
    "leonardo": leonardo,
    "runway": runway,
    "luma": luma,
    "fal": fal,
}


BASES = {"stability": "/v2beta/stable-image"}
"""Where the base address of a service ends that is no root."""


@asynccontextmanager
async def jobs_server(kind: str) -> AsyncIterator[JobsServer]:
    """A service of this kind on a free port of loopback."""
    server = JobsServer()

    async def handle(raw: web.Request) -> web.StreamResponse:
        request = Request(raw.method, raw.path, dict(raw.headers), await _body(raw))
        server.requests.append(request)
        moment = server.moment(request)
        if moment is not None:
            return _instead(raw, moment, lambda: SERVICES[kind](server, request))
        for start, (status, body) in server.refuse.items():
            if request.path.startswith(start):
                return web.json_response(body, status=status)
        if raw.path.startswith("/files/"):
            return web.Response(body=picture(), content_type="image/png")
        answer = SERVICES[kind](server, request)
        if answer is None:
            return web.json_response({"detail": "not found"}, status=404)
        if answer[0] == 204:
            return web.Response(status=204)
        return web.json_response(answer[1], status=answer[0])

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}{BASES.get(kind, '')}"
    try:
        yield server
    finally:
        await runner.cleanup()


def _instead(raw: web.Request, moment: Moment, carry_out: Callable[[], object]) -> web.Response:
    if moment.status == 0:
        carry_out()
        assert raw.transport is not None
        raw.transport.abort()
    body = moment.body if isinstance(moment.body, bytes) else json.dumps(moment.body).encode()
    return web.Response(status=moment.status or 200, body=body, headers=moment.headers)


async def _body(raw: web.Request) -> Any:
    if raw.content_type == "multipart/form-data":
        form = await raw.post()
        return {name: _field(value) for name, value in form.items()}
    return await raw.json() if raw.can_read_body and raw.content_type == "application/json" else None


def _field(value: object) -> object:
    return value.file.read() if isinstance(value, web.FileField) else value
