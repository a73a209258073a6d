"""Room 4: image services that have wires of their own.

They use different names but work alike: a job is submitted, polled and fetched, or is answered at once. One
engine (`engine.py`) does this for all of them, and a short description in `services/` covers each service.
"""

import importlib
from dataclasses import replace
from typing import TYPE_CHECKING

from ringmain.v1 import image_service_pb2 as image_pb2

from ringmain_server.media.fetch import Fetcher
from ringmain_server.operations import EDIT_IMAGES, GENERATE_IMAGES, UPSCALE_IMAGE
from ringmain_server.providers.exchange import Provider
from ringmain_server.providers.http import ANSWER_LIMIT, HttpTransport
from ringmain_server.providers.jobs.engine import JobTranslator
from ringmain_server.providers.jobs.errors import JobErrors
from ringmain_server.providers.jobs.service import Service
from ringmain_server.providers.jobs.transport import JobsTransport
from ringmain_server.providers.pictures import WITHIN
from ringmain_server.providers.translator import Translators

if TYPE_CHECKING:
    from ringmain_server.config import JobsSettings
    from ringmain_server.providers.sessions import HttpSessions

_RESPONSES = {
    GENERATE_IMAGES: image_pb2.GenerateImagesResponse,
    EDIT_IMAGES: image_pb2.EditImagesResponse,
    UPSCALE_IMAGE: image_pb2.UpscaleImageResponse,
}


def service_of(kind: str) -> Service:
    """Returns the description of the service of a kind."""
    found: Service = importlib.import_module(f"{__name__}.services.{kind}").SERVICE
    return found


def build(provider_id: str, settings: "JobsSettings", sessions: "HttpSessions") -> Provider:
    """Builds the provider that these settings describe; their kind names a service."""
    service = service_of(settings.kind)
    if settings.poll_interval is not None:
        service = replace(service, interval=(settings.poll_interval, settings.poll_interval))
    key = settings.api_key.get_secret_value() if settings.api_key else ""
    extra = {name: value.get_secret_value() for name, value in settings.headers.items()}
    secrets = tuple(filter(None, (key, *extra.values())))
    errors = JobErrors(secrets, faults=service.faults)
    http = HttpTransport(
        provider_id=provider_id,
        sessions=sessions,
        base_url=settings.base_url or "",
        headers={**service.headers(key), "Content-Type": "application/json", **extra},
        error_map=errors,
        connect_timeout=settings.timeouts.connect or 5.0,
    )
    made = replace(
        http,
        base_url=http.base_url.removesuffix("/").removesuffix(service.beside),
        error_map=replace(errors, accepted=True),
    )
    hosts = settings.result_hosts or service.result_hosts
    translators: Translators = {
        op: JobTranslator(service, submit, _RESPONSES[op], secrets) for op, submit in service.submits.items()
    }
    return Provider(
        provider_id=provider_id,
        kind=settings.kind,
        transport=JobsTransport(http, Fetcher(hosts, ANSWER_LIMIT, within=WITHIN), made),
        translators=translators,
        edits=lambda _: service.edits,
    )
