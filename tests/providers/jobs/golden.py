"""Golden files of the image services, and the pieces to run them with.

A file holds `about`, the service's `kind`, the provider's `model`, the `operation`, the `request`, and the
`steps` of its exchange: what is `sent` together and `answered`, or a pause in seconds. `compensate` is
what is sent if the exchange fails, or its caller leaves, after that answer. `response` is what the answers
amount to, or `refused` why they do not. `PNG` stands for the bytes of a picture, as base64 where
JSON wants that.
"""

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import Message
from ringmain.v1 import image_service_pb2 as image_pb2
from ringmain_server import operations
from ringmain_server.errors import RingmainError
from ringmain_server.providers.jobs import service_of
from ringmain_server.providers.jobs.engine import JobTranslator
from ringmain_server.providers.multi_step import Ended, Send, Sleep
from ringmain_server.providers.transport import Fetch, HttpRequest

from tests.candidates import known_candidate
from tests.fakes.jobs_server import picture
from tests.shapes.store import exchanges

FOLDER = Path(__file__).parents[2] / "golden" / "jobs"
PNG = picture()
BASE64 = base64.b64encode(PNG).decode()
MESSAGES: dict[str, tuple[type[Message], type[Message]]] = {
    "GENERATE_IMAGES": (image_pb2.GenerateImagesRequest, image_pb2.GenerateImagesResponse),
    "EDIT_IMAGES": (image_pb2.EditImagesRequest, image_pb2.EditImagesResponse),
    "UPSCALE_IMAGE": (image_pb2.UpscaleImageRequest, image_pb2.UpscaleImageResponse),
}


@dataclass(frozen=True)
class JobGolden:
    """One golden file."""

    name: str
    content: dict[str, Any]


class AsksMore(AssertionError):
    """The steps ask for what its golden file does not have."""


def goldens() -> list[JobGolden]:
    """Every file, and every shape of these services (`tests/shapes`)."""
    found = sorted(FOLDER.glob("*.json"))
    files = [JobGolden(path.stem, json.loads(path.read_text("utf-8"))) for path in found]
    return [*files, *(JobGolden(name, content) for name, content in exchanges("jobs"))]


def drawing(kind: str, operation: str) -> JobTranslator:
    """The translator of an operation."""
    service = service_of(kind)
    return JobTranslator(service, service.submits[getattr(operations, operation)], MESSAGES[operation][1])


def played(golden: JobGolden, dumped: Callable[[Any], bytes] = orjson.dumps) -> dict[str, Any]:
    """The steps of an exchange whose answers are the file's, written as JSON by `dumped`, and its outcome."""
    told = golden.content
    request = ParseDict(_filled(told["request"]), MESSAGES[told["operation"]][0]())
    steps = drawing(told["kind"], told["operation"]).steps(
        request, known_candidate("p", told["kind"], told["model"])
    )
    answers = (step["answered"] for step in told.get("steps", ()) if "answered" in step)
    seen: list[Any] = []
    try:
        step = next(steps)
        while True:
            if isinstance(step, Sleep):
                seen.append({"pause": step.seconds})
                step = steps.send(())
            elif isinstance(step, Ended):
                step = steps.send(())
            else:
                answered = next(answers, None)
                if answered is None or len(answered) != len(step.wires):
                    raise AsksMore(_asked(step))
                raw = [_raw(one, dumped) for one in answered]
                seen.append({"sent": _asked(step), "answered": answered, **_compensated(step, raw)})
                step = steps.send(raw)
    except StopIteration as end:
        return {"steps": seen, "response": _emptied(MessageToDict(end.value))}
    except RingmainError as exc:
        return {"steps": seen, "refused": f"{type(exc).__name__}: {exc}"}


def _asked(step: Send) -> list[dict[str, Any]]:
    return list(map(_shown, step.wires))


def _compensated(step: Send, answers: Sequence[bytes]) -> dict[str, Any]:
    wires = [
        wire
        for answer in answers
        if step.compensate is not None and (wire := step.compensate(answer)) is not None
    ]
    return {"compensate": list(map(_shown, wires))} if wires else {}


def _shown(wire: HttpRequest | Fetch) -> dict[str, Any]:
    """A request as a golden file shows it."""
    if isinstance(wire, Fetch):
        return {"fetch": wire.address}
    called = {"method": wire.method, "path": wire.path}
    if wire.form:
        return {**called, "form": [list(_field(one)) for one in wire.form]}
    return {**called, "body": _emptied(wire.body)} if wire.body else called


def _field(field: Any) -> Iterator[str]:
    yield field.name
    yield "PNG" if field.value == PNG else field.value
    yield from filter(None, (field.filename, field.mime_type))


def _raw(answer: Any, dumped: Callable[[Any], bytes]) -> bytes:
    return PNG if answer == "PNG" else dumped(_filled(answer))


def _filled(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _filled(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_filled(one) for one in value]
    within = isinstance(value, str) and (value == "PNG" or value.endswith(",PNG"))
    return value.removesuffix("PNG") + BASE64 if within else value


def _emptied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _emptied(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_emptied(one) for one in value]
    return value.replace(BASE64, "PNG") if isinstance(value, str) else value
