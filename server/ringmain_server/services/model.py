"""Room 2: ModelService."""

import base64
import binascii
from collections.abc import Iterator, Sequence
from functools import cache, reduce
from importlib import metadata

from ringmain.v1 import model_service_pb2 as model_pb2
from ringmain.v1.model_service_pb2 import CAPABILITY_CHAT

from ringmain_server.assembly.active_config import ActiveConfig
from ringmain_server.call import Call
from ringmain_server.catalog.capabilities import CHAT_FEATURES
from ringmain_server.catalog.prices import NANO
from ringmain_server.config import Settings
from ringmain_server.contract import CONTRACT_VERSION
from ringmain_server.errors import InvalidField
from ringmain_server.routing.models import Target
from ringmain_server.services.provider_status import duration

SERVICE = model_pb2.DESCRIPTOR.services_by_name["ModelService"]

PAGE_SIZE = 50
PAGE_LIMIT = 250


class ModelService:
    """The models a caller may use, and the server that offers them.

    Args:
        active: The active configuration.
        services: Full names of the services that are served on the same port.
    """

    def __init__(self, active: ActiveConfig, services: Sequence[str]) -> None:
        self._active = active
        self._services = services

    async def ListModels(
        self, request: model_pb2.ListModelsRequest, call: Call
    ) -> model_pb2.ListModelsResponse:
        """Lists models by name, a page at a time."""
        after = _after(request.page_token)
        size = min(request.page_size or PAGE_SIZE, PAGE_LIMIT)
        wanted = set(request.capabilities)
        names = [name for name in self._names(call) if name > after]
        models = (self._model(name, call) for name in names)
        found = [model for model in models if wanted <= set(model.capabilities)]
        page = found[:size]
        token = _token(page[-1].model) if len(found) > size else ""
        return model_pb2.ListModelsResponse(models=page, next_page_token=token)

    async def GetModel(self, request: model_pb2.GetModelRequest, call: Call) -> model_pb2.GetModelResponse:
        """Gets one model."""
        return model_pb2.GetModelResponse(model=self._model(request.model, call))

    async def GetServerInfo(
        self, request: model_pb2.GetServerInfoRequest, call: Call
    ) -> model_pb2.GetServerInfoResponse:
        """Says what server this is."""
        models = (self._model(name, call) for name in self._names(call))
        capabilities = {capability for model in models for capability in model.capabilities}
        return model_pb2.GetServerInfoResponse(
            version=_version(),
            contract_version=CONTRACT_VERSION,
            services=self._services,
            capabilities=sorted(capabilities),
            authentication_methods=_methods(self._active.now.settings),
            limits=_limits(self._active.now.settings),
        )

    def _names(self, call: Call) -> list[str]:
        """Returns the names of the models that the caller may use."""
        return [name for name in self._active.models.names() if call.may_use(name)]

    def _model(self, name: str, call: Call) -> model_pb2.Model:
        target = self._active.models.resolve(name)
        capabilities = reduce(frozenset.intersection, map(_capabilities, target))
        replaced_by = self._replaced_by(name, target)
        return model_pb2.Model(
            model=name,
            retire_date=_retire_date(target),
            replaced_by=replaced_by if call.may_use(replaced_by) else "",
            capabilities=map(model_pb2.Capability.ValueType, sorted(capabilities)),
            candidates=[_candidate(one) for one in target],
        )

    def _replaced_by(self, name: str, targets: Sequence[Target]) -> str:
        """Returns the model of this gateway to use instead, as it is configured or as its provider says."""
        stated = self._active.now.settings.models.get(name)
        if stated is not None:
            return stated.replaced_by or ""
        (candidate,) = (target.candidate for target in targets)
        return candidate.replaced_by and f"{candidate.provider_id}/{candidate.replaced_by}"


def _retire_date(targets: Sequence[Target]) -> str:
    """Returns the first day on which no candidate is served any more; empty if one has no end."""
    dates = [target.candidate.retire_date for target in targets]
    return max(dates) if all(dates) else ""


def _capabilities(target: Target) -> frozenset[int]:
    """Returns a candidate's known capabilities: those of its model for which its provider has an operation.

    For an unknown model, these are the capabilities that its provider has operations for.
    """
    served_here = frozenset(op.capability for op in target.operations)
    known = target.candidate.capabilities
    if known is None:
        return served_here
    features = known & CHAT_FEATURES if CAPABILITY_CHAT in known & served_here else frozenset()
    return (known & served_here) | features


def _candidate(target: Target) -> model_pb2.Candidate:
    candidate = target.candidate
    message = model_pb2.Candidate(
        provider_id=candidate.provider_id,
        provider_model=candidate.provider_model,
        context_token_count=candidate.context_tokens,
        max_output_token_count=candidate.max_output_tokens,
        available=target.health.refusal() is None,
        retire_date=candidate.retire_date,
        replaced_by=candidate.replaced_by,
    )
    price = candidate.price.at(0) if candidate.price is not None else None
    if price is not None:
        message.input_mtok_cost_nano_usd = round(price.input_per_mtok * NANO)
        message.output_mtok_cost_nano_usd = round(price.output_per_mtok * NANO)
    return message


@cache
def _version() -> str:
    return metadata.version("ringmain-server")


def _limits(settings: Settings) -> model_pb2.ServerLimits:
    media = settings.media
    return model_pb2.ServerLimits(
        max_message_bytes=settings.server.max_receive_bytes,
        max_media_bytes=media.max_image_bytes,
        max_upload_bytes=max(media.max_document_bytes, media.max_recording_bytes),
        default_deadline=duration(settings.server.default_deadline),
    )


def _methods(settings: Settings) -> Iterator[model_pb2.AuthenticationMethod.ValueType]:
    """Yields the ways in which callers may say who they are."""
    if settings.keys_enabled:
        yield model_pb2.AUTHENTICATION_METHOD_API_KEY
    if settings.auth.issuers:
        yield model_pb2.AUTHENTICATION_METHOD_JWT
    if settings.auth.certificates.rules:
        yield model_pb2.AUTHENTICATION_METHOD_CLIENT_CERTIFICATE


def _token(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()


def _after(token: str) -> str:
    try:
        return base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as exc:
        raise InvalidField.at("page_token", "was not given out by this service") from exc
