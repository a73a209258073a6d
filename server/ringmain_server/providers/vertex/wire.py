"""Room 4, pure: the messages of the wire as plain protobuf classes. `wire.pyi` types them.

https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rpc/google.cloud.aiplatform.v1. The library
wraps each message for convenience, which would cost more than everything else about a streamed token.
"""

from ringmain_server.providers.vertex.light import types_module

_content = types_module("content")
_service = types_module("prediction_service")
_tool = types_module("tool")

Blob = _content.Blob.pb()
Candidate = _content.Candidate.pb()
CodeExecutionResult = _tool.CodeExecutionResult.pb()
Content = _content.Content.pb()
CountTokensRequest = _service.CountTokensRequest.pb()
CountTokensResponse = _service.CountTokensResponse.pb()
EmbedContentRequest = _service.EmbedContentRequest.pb()
EmbedContentResponse = _service.EmbedContentResponse.pb()
ExecutableCode = _tool.ExecutableCode.pb()
FileData = _content.FileData.pb()
FunctionCall = _tool.FunctionCall.pb()
FunctionCallingConfig = _tool.FunctionCallingConfig.pb()
FunctionDeclaration = _tool.FunctionDeclaration.pb()
FunctionResponse = _tool.FunctionResponse.pb()
FunctionResponsePart = _tool.FunctionResponsePart.pb()
GenerateContentRequest = _service.GenerateContentRequest.pb()
GenerateContentResponse = _service.GenerateContentResponse.pb()
GenerationConfig = _content.GenerationConfig.pb()
GroundingChunk = _content.GroundingChunk.pb()
GroundingMetadata = _content.GroundingMetadata.pb()
GroundingSupport = _content.GroundingSupport.pb()
LogprobsCandidate = _content.LogprobsResult.Candidate.pb()
LogprobsResult = _content.LogprobsResult.pb()
ModalityTokenCount = _content.ModalityTokenCount.pb()
Part = _content.Part.pb()
PredictRequest = _service.PredictRequest.pb()
PredictResponse = _service.PredictResponse.pb()
PromptFeedback = _service.GenerateContentResponse.PromptFeedback.pb()
Recitation = _content.Citation.pb()
SafetyRating = _content.SafetyRating.pb()
Segment = _content.Segment.pb()
ThinkingConfig = _content.GenerationConfig.ThinkingConfig.pb()
Tool = _tool.Tool.pb()
ToolConfig = _tool.ToolConfig.pb()
UsageMetadata = _service.GenerateContentResponse.UsageMetadata.pb()
