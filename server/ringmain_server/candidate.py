"""A candidate: one provider's model that serves a model of this gateway."""

from dataclasses import dataclass, field

from ringmain_server.catalog.knobs import USUAL_KNOBS, Knobs
from ringmain_server.catalog.limits import NO_LIMITS, Limits
from ringmain_server.catalog.prices import Price
from ringmain_server.media.canvas import BY_TRANSPARENCY, EditForm
from ringmain_server.media.limits import ANY_IMAGE, ModelLimits


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Spans in seconds that bound one attempt.

    Attributes:
        connect: To reach the provider.
        attempt: From start to end of a whole answer.
        first_content: From start to the first content of a stream.
        idle: Between two contents of a stream.
    """

    connect: float = 5.0
    attempt: float = 300.0
    first_content: float = 60.0
    idle: float = 60.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """One provider's model that serves a model of this gateway.

    Attributes:
        provider_id: The configured provider.
        kind: The provider's kind, which also keys `GenerationConfig.provider_options`.
        provider_model: The provider's own name for the model.
        timeouts: The timeouts of an attempt.
        price: Its price, None when unknown.
        price_configured: Whether an operator set the price, which then overrides any other.
        capabilities: Values of `Capability` and of `UNLISTED`, None when unknown.
        context_tokens: The most tokens of input and output together, 0 when unknown.
        max_output_tokens: The most tokens of output, 0 when unknown.
        output_limit_configured: Whether an operator set `max_output_tokens`. It is then also the default for
            requests that set none, on a wire that requires a number.
        prefill: Whether it continues an assistant's unfinished turn.
        images: Its limits for images.
        edits: The form in which it is told where to change an image.
        limits: The model's limits besides tokens.
        knobs: The settings that the model takes.
        user_id_key: The secret with which user ids are hashed for the provider; empty if it gets none.
        owner: The tenant that the request is for, or a caller without one (`Principal.owner`), so that names
            which those choose alike are told the provider as different hashes. Empty for anybody.
        send_labels: Whether the provider gets the caller's labels.
        lacks: What of `WIRE_FEATURES` its wire cannot carry, whatever its model can do.
        retire_date: The first day on which its provider no longer serves it, in ISO 8601; empty if unknown.
        replaced_by: The provider's name of the model that it recommends instead; empty if it names none.
    """

    provider_id: str
    kind: str
    provider_model: str
    timeouts: Timeouts = Timeouts()
    price: Price | None = None
    capabilities: frozenset[int] | None = None
    context_tokens: int = 0
    max_output_tokens: int = 0
    output_limit_configured: bool = True
    prefill: bool = False
    images: ModelLimits = ANY_IMAGE
    edits: EditForm = BY_TRANSPARENCY
    price_configured: bool = False
    limits: Limits = NO_LIMITS
    knobs: Knobs = USUAL_KNOBS
    user_id_key: bytes = field(default=b"", repr=False)
    owner: str = ""
    send_labels: bool = False
    lacks: frozenset[int] = frozenset()
    retire_date: str = ""
    replaced_by: str = ""

    @property
    def name(self) -> str:
        """`provider/model`, as callers and the configuration address it."""
        return f"{self.provider_id}/{self.provider_model}"
