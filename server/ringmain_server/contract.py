"""The contract that this gateway was built with: its version and its services, served here or not."""

from collections.abc import Iterator

from google.protobuf.descriptor import ServiceDescriptor
from ringmain.admin.v1 import admin_service_pb2
from ringmain.v1 import (
    audio_service_pb2,
    chat_service_pb2,
    embedding_service_pb2,
    image_service_pb2,
    model_service_pb2,
    usage_service_pb2,
    vision_service_pb2,
)

CONTRACT_VERSION = "1.1"
"""The second number grows with every addition."""

SERVICES: tuple[ServiceDescriptor, ...] = tuple(
    service
    for module in (
        chat_service_pb2,
        vision_service_pb2,
        image_service_pb2,
        embedding_service_pb2,
        audio_service_pb2,
        model_service_pb2,
        usage_service_pb2,
        admin_service_pb2,
    )
    for service in module.DESCRIPTOR.services_by_name.values()
)
"""Every service of the contract."""


def methods() -> Iterator[str]:
    """Yields every method of the contract, such as `ringmain.v1.ChatService/Chat`."""
    for service in SERVICES:
        for method in service.methods:
            yield f"{service.full_name}/{method.name}"
