"""Room 4, pure: says which settings of a request a model refuses, by its knobs."""

from collections.abc import Collection, Sequence

from ringmain.v1.generation_pb2 import GenerationConfig

from ringmain_server.catalog.knobs import Knobs


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
