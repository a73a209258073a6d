"""Room 3, pure: decides which candidates can serve a request.

Unknown properties of a candidate never count against it: its provider will refuse what it cannot do. What its
wire cannot carry is known, and always counts. An estimate of the input's size is not certain either, so it
leaves out only a candidate whose context it exceeds by half, and only while another candidate is left.
"""

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

from ringmain.v1.routing_pb2 import RoutingPolicy

from ringmain_server.candidate import Candidate
from ringmain_server.catalog.capabilities import capability_name
from ringmain_server.catalog.names import model_key
from ringmain_server.errors import CapabilityMissing, InvalidField, Violation
from ringmain_server.operations.base import AnyOperation, Operation
from ringmain_server.text.excerpt import quoted

Req = TypeVar("Req")

FAR_BEYOND = 1.5
"""The factor by which an estimated input must exceed a candidate's context to leave the candidate out.

The estimate is by size, and for code and for languages other than English it may be wrong by a third.
"""


class Servable(Protocol):
    """The part of a target that is used here."""

    @property
    def candidate(self) -> Candidate:
        """The candidate."""
        ...

    @property
    def operations(self) -> frozenset[AnyOperation]:
        """The operations of its provider."""
        ...


ServableT = TypeVar("ServableT", bound=Servable)


def capable(
    model: str,
    targets: Sequence[ServableT],
    op: Operation[Req, Any],
    request: Req,
    *,
    may_hold_media: bool = True,
) -> Sequence[ServableT]:
    """Returns the candidates that can serve a request, in their order; at least one.

    Args:
        model: The requested model, or its fallback.
        targets: Its candidates, in order; at least one.
        op: The operation.
        request: The request.
        may_hold_media: Whether the request may hold media (`Call.may_hold_media`).

    Raises:
        CapabilityMissing: None can. Its metadata names what all of them lack.
    """
    serving = targets
    for one in targets:
        if op not in one.operations:
            serving = [other for other in targets if op in other.operations]
            break
    if not serving:
        raise CapabilityMissing(model, _missing_operation(targets, op))
    for one in serving:
        if _may_lack(one.candidate, op):
            serving = _with_needs(model, serving, op, op.needs(request, may_hold_media))
            break
    return _roomy(serving, op, request) if len(serving) > 1 else serving


def lacked_by_some(targets: Sequence[Servable], op: AnyOperation) -> frozenset[int] | None:
    """Returns the needs of a request for which `capable` may leave out a candidate.

    Returns:
        Values as of `Operation.needs`, empty if every candidate serves every request; None if `capable` may
        leave out a candidate whatever the request needs.
    """
    if any(op not in one.operations or op.capability in _may_lack(one.candidate, op) for one in targets):
        return None
    if len({one.candidate.context_tokens for one in targets}) > 1:
        return None
    return frozenset[int]().union(*(_may_lack(one.candidate, op) for one in targets))


def chosen(
    targets: Sequence[ServableT], policy: RoutingPolicy, path: str = "routing_policy.provider_ids"
) -> list[ServableT]:
    """Returns the candidates of the providers that a request names, in its order.

    Args:
        targets: The candidates of the model.
        policy: The request's routing policy.
        path: The place of the names in the request, for the error.

    Raises:
        InvalidField: No candidate is at a provider that is named.
    """
    by_provider: dict[str, list[ServableT]] = {}
    for target in targets:
        by_provider.setdefault(target.candidate.provider_id, []).append(target)
    unknown = [
        Violation(f"{path}[{index}]", f"no candidate of the model is at {quoted(provider_id)}")
        for index, provider_id in enumerate(policy.provider_ids)
        if provider_id not in by_provider
    ]
    if unknown:
        raise InvalidField(unknown)
    order = dict.fromkeys(policy.provider_ids)
    return [target for provider_id in order for target in by_provider[provider_id]]


def first_at(provider_id: str, targets: Sequence[ServableT]) -> Sequence[ServableT]:
    """Returns the candidates with those of a provider in front; the same ones if it has none."""
    found = [one for one in targets if one.candidate.provider_id == provider_id]
    return [*found, *(one for one in targets if one not in found)] if found else targets


def same_model(first: ServableT, targets: Sequence[ServableT]) -> list[ServableT]:
    """Returns the candidates with the same provider model as the first, at any provider.

    Two names mean the same model if they differ only in a host's addition, such as `openai/` in
    `openai/text-embedding-3-small`.
    """
    wanted = model_key(first.candidate.provider_model)
    return [one for one in targets if model_key(one.candidate.provider_model) == wanted]


def _may_lack(candidate: Candidate, op: Operation[Req, Any]) -> frozenset[int]:
    """Returns what of an operation and its requests' needs a candidate is known to lack."""
    return _missing(candidate, op.may_need | {op.capability})


def _missing_operation(targets: Sequence[Servable], op: Operation[Req, Any]) -> str:
    """Returns the operation's capability, or its name if a candidate has that capability elsewhere."""
    had = {other.capability for one in targets for other in one.operations}
    return op.name if op.capability in had else capability_name(op.capability)


def _with_needs(
    model: str, serving: Sequence[ServableT], op: AnyOperation, needs: frozenset[int]
) -> Sequence[ServableT]:
    wanted = needs | {op.capability}
    found = [one for one in serving if not _missing(one.candidate, wanted)]
    if not found:
        raise CapabilityMissing(model, _lacking(serving, wanted))
    return serving if len(found) == len(serving) else found


def _missing(candidate: Candidate, wanted: frozenset[int]) -> frozenset[int]:
    """Returns what a candidate is known to lack; an unknown model may do all that its wire carries."""
    has = candidate.capabilities
    return wanted & candidate.lacks if has is None else wanted - has


def _lacking(serving: Sequence[Servable], wanted: frozenset[int]) -> str:
    """Returns the capabilities that all candidates lack; if they lack different ones, those of the first."""
    lacks = [_missing(one.candidate, wanted) for one in serving]
    by_all = frozenset.intersection(*lacks)
    return ",".join(capability_name(value) for value in sorted(by_all or lacks[0]))


def _roomy(serving: Sequence[ServableT], op: Operation[Req, Any], request: Req) -> Sequence[ServableT]:
    contexts = [one.candidate.context_tokens for one in serving]
    if min(contexts) == max(contexts):
        return serving
    tokens = op.input_tokens(request)
    fitting = [
        one for one, most in zip(serving, contexts, strict=True) if not most or tokens <= most * FAR_BEYOND
    ]
    return fitting or serving
