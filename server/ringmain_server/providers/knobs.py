"""Room 4, pure: says what of a request a model refuses, by its knobs."""

from collections.abc import Collection, Sequence

from ringmain.v1.generation_pb2 import TOOL_MODE_REQUIRED, GenerationConfig, ToolChoice

from ringmain_server.candidate import Candidate
from ringmain_server.catalog.knobs import Knobs
from ringmain_server.errors import CapabilityMissing


def refused(config: GenerationConfig, knobs: Knobs, *, reasons: bool) -> frozenset[str]:
    """Returns the settings that a request may not have, by their names in the contract.

    Args:
        config: The request's configuration.
        knobs: The knobs of the model.
        reasons: Whether the model reasons for this request.
    """
    lacks = knobs.lacks | knobs.reasoning_lacks if reasons else knobs.lacks
    if not knobs.exclusive:
        return lacks
    set_here = {field.name for field, _ in config.ListFields()} - lacks
    return lacks.union([name for name in knobs.exclusive if name in set_here][1:])


def stop_sequences(config: GenerationConfig, knobs: Knobs, lacks: Collection[str]) -> Sequence[str]:
    """Returns the stop sequences of a request, as far as the model takes them.

    Args:
        config: The request's configuration.
        knobs: The knobs of the model.
        lacks: The settings that the request may not have.
    """
    if "stop_sequences" in lacks:
        return ()
    return config.stop_sequences[: knobs.max_stop_sequences or None]


def forces(choice: ToolChoice) -> bool:
    """Whether a tool must be called."""
    return bool(choice.tool_name) or choice.mode == TOOL_MODE_REQUIRED


def excludes_reasoning(choice: ToolChoice, knobs: Knobs) -> bool:
    """Whether a model may not reason for a request, because it must call a tool."""
    return not knobs.forced_while_reasoning and forces(choice)


def check_choice(choice: ToolChoice, candidate: Candidate) -> None:
    """Checks that a model can be made to call a tool, if it must.

    Raises:
        CapabilityMissing: It cannot, or only while it does not reason, and it always does.
    """
    knobs = candidate.knobs
    can = knobs.forced_tools and (knobs.forced_while_reasoning or "none" in knobs.efforts)
    if not can and forces(choice):
        message = f"{candidate.name} cannot be made to call a tool"
        raise CapabilityMissing(candidate.name, "tool_choice", message)
