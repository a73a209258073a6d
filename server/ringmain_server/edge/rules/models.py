"""Room 1, pure: rules of questions about models."""

from ringmain.v1 import model_service_pb2 as model_pb2

from ringmain_server.errors import Violation


def list_models(request: model_pb2.ListModelsRequest) -> list[Violation]:
    """A page of models."""
    found = [
        Violation(f"capabilities[{index}]", "is unknown")
        for index, capability in enumerate(request.capabilities)
        if capability not in model_pb2.Capability.values() or not capability
    ]
    if request.page_size < 0:
        found.append(Violation("page_size", "is negative"))
    return found


def get_model(request: model_pb2.GetModelRequest) -> list[Violation]:
    """One model."""
    return [] if request.model else [Violation("model", "names no model")]
