"""Room 1, pure: the rules that the contract states in words, checked before anything else sees a request.

Each rule names its field by its path, such as `messages[2].parts[0].media`. Limits that only a provider
knows (those of its models, the kinds of media it accepts) are checked where they are known.
"""

from collections.abc import Callable, Mapping, Sequence

from ringmain_server.edge.rules import admin, audio, embedding, images, keys, models, vision
from ringmain_server.edge.rules.chat import chat
from ringmain_server.errors import Violation

__all__ = ["VALIDATORS", "chat"]

VALIDATORS: Mapping[str, Callable[..., Sequence[Violation]]] = {
    "ringmain.v1.ChatRequest": chat,
    "ringmain.v1.CountTokensRequest": lambda request: chat(request.chat, "chat."),
    "ringmain.v1.EstimateCostRequest": lambda request: chat(request.chat, "chat."),
    "ringmain.v1.ListModelsRequest": models.list_models,
    "ringmain.v1.GetModelRequest": models.get_model,
    "ringmain.v1.AnalyzeImagesRequest": vision.analyze,
    "ringmain.v1.ReadDocumentConfig": vision.read_document,
    "ringmain.v1.GenerateImagesRequest": images.generate,
    "ringmain.v1.EditImagesRequest": images.edit,
    "ringmain.v1.StreamImagesRequest": images.stream,
    "ringmain.v1.UpscaleImageRequest": images.upscale,
    "ringmain.v1.InspectImageRequest": images.inspect,
    "ringmain.v1.EmbedRequest": embedding.embed,
    "ringmain.v1.TranscriptionConfig": audio.transcribe,
    "ringmain.v1.SpeakRequest": audio.speak,
    "ringmain.admin.v1.DrainProviderRequest": admin.of_provider,
    "ringmain.admin.v1.RestoreProviderRequest": admin.of_provider,
    "ringmain.admin.v1.CheckProviderRequest": admin.of_provider,
    "ringmain.admin.v1.SetPrimaryProviderRequest": admin.set_primary,
    "ringmain.admin.v1.WatchEventsRequest": admin.watch,
    "ringmain.admin.v1.CreateApiKeyRequest": keys.create,
    "ringmain.admin.v1.ListApiKeysRequest": keys.list_keys,
    "ringmain.admin.v1.UpdateApiKeyRequest": keys.update,
    "ringmain.admin.v1.RotateApiKeyRequest": keys.rotate,
    "ringmain.admin.v1.RevokeApiKeyRequest": keys.revoke,
}
"""Maps the full name of a request's type, or of an upload's configuration, to its rules."""
