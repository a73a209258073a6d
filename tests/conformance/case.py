"""Conformance: the cases, as they stand in `cases/*.yaml`. README.md tells what each field means."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

import yaml
from pydantic import TypeAdapter

from tests.conformance.expand import expanded
from tests.fakes.anthropic_script import Claude
from tests.fakes.script import Answer

FOLDER = Path(__file__).parent / "cases"
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Where an upstream stops in the middle of a stream, and until when.

    Attributes:
        after_tokens: After how many contents.
        until: `all`: as many requests hold as the case has calls. `draining`: the gateway drains. `answered`:
            the driver has answered. `never`: for ever.
    """

    after_tokens: int = 2
    until: Literal["all", "draining", "answered", "never"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flap:
    """The first requests fail.

    Attributes:
        first: How many.
        rejection: How: a name of `tests/fakes/rejections.py`.
    """

    first: int
    rejection: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gemini:
    """An answer on Google's wire.

    Attributes:
        parts: Parts of content in the wire's JSON; a stream sends a message for each.
        finish: Why it stopped.
        candidate: Other fields of the last message's candidate, such as its sources.
    """

    parts: tuple[Json, ...]
    finish: str = "STOP"
    candidate: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """What one candidate's upstream does.

    Attributes:
        answer: What it answers, on the OpenAI wire.
        claude: What it answers, on the Anthropic wire.
        gemini: What it answers, on Google's wire.
        rejection: What it answers instead: a name of `tests/fakes/rejections.py`.
        flap: How the first requests fail.
        hold: Where it stops.
        then: What it does at every request but the first.
        candidate: Settings of the candidate, such as its price.
        provider: Settings of the candidate's provider.
    """

    answer: Answer | None = None
    claude: Claude | None = None
    gemini: Gemini | None = None
    rejection: str | None = None
    flap: Flap | None = None
    hold: Hold | None = None
    then: "Upstream | None" = None
    candidate: Json = field(default_factory=dict)
    provider: Json = field(default_factory=dict)

    @property
    def wire(self) -> str:
        """The provider kind that speaks to it."""
        if self.gemini is not None:
            return "vertex"
        return "openai" if self.claude is None else "anthropic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A status that the front server gives instead of the gateway's answer.

    Attributes:
        code: The name of the gRPC status.
        message: Of the status.
        reason: Of its ErrorInfo; empty for a bare status.
        retry_delay_ms: Of its RetryInfo, if any.
        violations: Fields of its BadRequest.
        pushback_ms: `grpc-retry-pushback-ms`, if any.
    """

    code: str = "UNAVAILABLE"
    message: str = "refused by the front server"
    reason: str = ""
    retry_delay_ms: int | None = None
    violations: tuple[str, ...] = ()
    pushback_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """A server between the driver and the gateway, which passes calls on.

    Attributes:
        refuse: How it refuses; None passes every call on.
        first: How many calls it refuses before it passes the others on.
        initial_metadata: What it adds to every answer before it.
        trailing_metadata: What it adds to every answer after it.
        newer: Whether it adds to the events of a chat what only a newer contract has.
    """

    refuse: Refusal | None = None
    first: int = 1_000_000
    initial_metadata: Mapping[str, str] = field(default_factory=dict)
    trailing_metadata: Mapping[str, str] = field(default_factory=dict)
    newer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What must be served for a case to make sense; else it is reported as not served.

    Attributes:
        service: A service of the contract, by its full name.
        model: A model of the gateway.
        capability: That the model must have, such as `image_generation`.
    """

    service: str | None = None
    model: str | None = None
    capability: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case.

    Attributes:
        name: In kebab case; also the gateway's model, unless the request names another.
        about: What is promised, in one sentence.
        method: Of the contract.
        request: In proto JSON, with the shorthands of `expand.py`.
        upstream: What the candidates' upstreams do, in the order in which they are tried.
        expect: What must be observed; see `matching.py`.
        sent_back: Messages of a second request, which has those of the first, the message of its answer, and
            then these. What is expected is expected of the answer to the second.
        deadline_ms: The call's deadline.
        cancel_after: After how many messages the driver cancels; 0 means a second after the call began.
        metadata: Sent with the call.
        token: The client's bearer token.
        caller: Whose call it is at the gateway that knows its callers; a name of `callers.py`, or `nobody`.
        max_message_bytes: The client's limit for the size of a request.
        calls: How many such calls are made at once; each must do as expected.
        gateway: Settings of a gateway of its own, beside those of all.
        model: Settings of the gateway's model.
        front: What stands between the driver and the gateway.
        occupied: Whether another call runs, held by the upstream, until the driver has answered.
        terminate: Whether the gateway gets SIGTERM once the upstream holds.
        needs: What must be served.
    """

    name: str
    about: str
    method: str
    request: Json
    expect: Json
    upstream: tuple[Upstream, ...] = ()
    sent_back: tuple[Json, ...] | None = None
    deadline_ms: int | None = None
    cancel_after: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    token: str | None = None
    caller: str | None = None
    max_message_bytes: int | None = None
    calls: int = 1
    gateway: Json | None = None
    model: Json = field(default_factory=dict)
    front: Front | None = None
    occupied: bool = False
    terminate: bool = False
    needs: Needs = field(default_factory=Needs)

    @property
    def alone(self) -> bool:
        """Whether it needs a gateway that no other case uses."""
        return self.gateway is not None


_CASE: TypeAdapter[Case] = TypeAdapter(Case)


class CaseError(Exception):
    """A case is not written as it should be."""


def cases(folder: Path = FOLDER) -> tuple[Case, ...]:
    """Every case, in the order of the files and within them.

    Raises:
        CaseError: One cannot be understood, or two have one name.
    """
    found = [case for file in sorted(folder.glob("*.yaml")) for case in _read(file)]
    names = [case.name for case in found]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise CaseError(f"more than one case is called {', '.join(sorted(twice))}")
    return tuple(found)


def _read(file: Path) -> Iterator[Case]:
    for name, fields in yaml.load(file.read_text(encoding="utf-8"), _LOADER).items():
        value = {"name": name, **fields, "upstream": expanded(fields.get("upstream", []))}
        unknown = sorted(_unknown(Case, value))
        if unknown:
            raise CaseError(f"{file.name}: {name}: unknown: {', '.join(unknown)}")
        try:
            yield _CASE.validate_python(value)
        except ValueError as exc:
            raise CaseError(f"{file.name}: {name}: {exc}") from exc


def _unknown(kind: Any, value: object, path: str = "") -> Iterator[str]:
    """The keys of a value that its dataclass does not have: pydantic passes over them."""
    if is_dataclass(kind) and isinstance(value, Mapping):
        hints = get_type_hints(kind)
        for key, inner in value.items():
            if key not in hints:
                yield f"{path}{key}"
            else:
                yield from _unknown(hints[key], inner, f"{path}{key}.")
        return
    for argument in get_args(kind):
        for inner in value if isinstance(value, list) else [value]:
            yield from _unknown(argument, inner, path)
