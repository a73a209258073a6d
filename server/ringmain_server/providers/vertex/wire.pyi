# The messages of the wire, as far as this provider touches them.
# https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rpc/google.cloud.aiplatform.v1

from collections.abc import Iterable, Iterator, MutableMapping
from typing import Generic, Self, TypeVar

from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct, Value

_T = TypeVar("_T", bound=Message)

class _Messages(Generic[_T]):
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[_T]: ...
    def __getitem__(self, index: int) -> _T: ...
    def add(self, **fields: object) -> _T: ...
    def append(self, message: _T) -> None: ...
    def extend(self, messages: Iterable[_T]) -> None: ...

class _Message(Message):
    def __init__(self, **fields: object) -> None: ...
    @classmethod
    def FromString(cls, s: bytes) -> Self: ...  # noqa: N802, protobuf's name

class Blob(_Message):
    mime_type: str
    data: bytes

class FileData(_Message):
    mime_type: str
    file_uri: str

class FunctionCall(_Message):
    name: str
    @property
    def args(self) -> Struct: ...

class FunctionResponsePart(_Message):
    @property
    def inline_data(self) -> Blob: ...
    @property
    def file_data(self) -> FileData: ...

class FunctionResponse(_Message):
    name: str
    @property
    def response(self) -> Struct: ...
    @property
    def parts(self) -> _Messages[FunctionResponsePart]: ...

class ExecutableCode(_Message):
    language: int
    code: str

class CodeExecutionResult(_Message):
    outcome: int
    output: str

class _MediaResolution(_Message):
    level: int

class Part(_Message):
    text: str
    thought: bool
    thought_signature: bytes
    @property
    def inline_data(self) -> Blob: ...
    @property
    def file_data(self) -> FileData: ...
    @property
    def function_call(self) -> FunctionCall: ...
    @property
    def function_response(self) -> FunctionResponse: ...
    @property
    def executable_code(self) -> ExecutableCode: ...
    @property
    def code_execution_result(self) -> CodeExecutionResult: ...
    @property
    def media_resolution(self) -> _MediaResolution: ...

class Content(_Message):
    role: str
    @property
    def parts(self) -> _Messages[Part]: ...

class FunctionDeclaration(_Message):
    name: str
    description: str
    @property
    def parameters_json_schema(self) -> Value: ...

class _GoogleSearch(_Message):
    @property
    def exclude_domains(self) -> list[str]: ...

class _CodeExecution(_Message): ...

class Tool(_Message):
    @property
    def function_declarations(self) -> _Messages[FunctionDeclaration]: ...
    @property
    def google_search(self) -> _GoogleSearch: ...
    @property
    def code_execution(self) -> _CodeExecution: ...

class FunctionCallingConfig(_Message):
    mode: int
    @property
    def allowed_function_names(self) -> list[str]: ...

class ToolConfig(_Message):
    @property
    def function_calling_config(self) -> FunctionCallingConfig: ...

class ThinkingConfig(_Message):
    include_thoughts: bool
    thinking_budget: int
    thinking_level: int

class _ImageOutputOptions(_Message):
    mime_type: str

class _ImageConfig(_Message):
    aspect_ratio: str
    image_size: str
    @property
    def image_output_options(self) -> _ImageOutputOptions: ...

class _PrebuiltVoiceConfig(_Message):
    voice_name: str

class _VoiceConfig(_Message):
    @property
    def prebuilt_voice_config(self) -> _PrebuiltVoiceConfig: ...

class _SpeechConfig(_Message):
    @property
    def voice_config(self) -> _VoiceConfig: ...

class GenerationConfig(_Message):
    temperature: float
    top_p: float
    top_k: float
    max_output_tokens: int
    presence_penalty: float
    frequency_penalty: float
    seed: int
    response_mime_type: str
    audio_timestamp: bool
    response_logprobs: bool
    logprobs: int
    @property
    def response_modalities(self) -> list[int]: ...
    @property
    def image_config(self) -> _ImageConfig: ...
    @property
    def speech_config(self) -> _SpeechConfig: ...
    @property
    def stop_sequences(self) -> list[str]: ...
    @property
    def response_json_schema(self) -> Value: ...
    @property
    def thinking_config(self) -> ThinkingConfig: ...

class GenerateContentRequest(_Message):
    model: str
    @property
    def contents(self) -> _Messages[Content]: ...
    @property
    def system_instruction(self) -> Content: ...
    @property
    def tools(self) -> _Messages[Tool]: ...
    @property
    def tool_config(self) -> ToolConfig: ...
    @property
    def generation_config(self) -> GenerationConfig: ...
    @property
    def labels(self) -> MutableMapping[str, str]: ...

class SafetyRating(_Message):
    category: int
    probability: int
    probability_score: float
    severity: int
    severity_score: float
    blocked: bool

class ModalityTokenCount(_Message):
    modality: int
    token_count: int

class UsageMetadata(_Message):
    prompt_token_count: int
    candidates_token_count: int
    thoughts_token_count: int
    total_token_count: int
    cached_content_token_count: int
    @property
    def tool_use_prompt_tokens_details(self) -> _Messages[ModalityTokenCount]: ...
    @property
    def prompt_tokens_details(self) -> _Messages[ModalityTokenCount]: ...
    @property
    def candidates_tokens_details(self) -> _Messages[ModalityTokenCount]: ...

class PromptFeedback(_Message):
    block_reason: int
    @property
    def safety_ratings(self) -> _Messages[SafetyRating]: ...

class _WebChunk(_Message):
    uri: str
    title: str

class _PageSpan(_Message):
    first_page: int

class _RagChunk(_Message):
    @property
    def page_span(self) -> _PageSpan: ...

class _RetrievedChunk(_Message):
    uri: str
    title: str
    text: str
    @property
    def rag_chunk(self) -> _RagChunk: ...

class _MapsChunk(_Message):
    uri: str
    title: str
    text: str

class GroundingChunk(_Message):
    @property
    def web(self) -> _WebChunk: ...
    @property
    def retrieved_context(self) -> _RetrievedChunk: ...
    @property
    def maps(self) -> _MapsChunk: ...

class Segment(_Message):
    start_index: int
    end_index: int
    text: str

class GroundingSupport(_Message):
    @property
    def segment(self) -> Segment: ...
    @property
    def grounding_chunk_indices(self) -> list[int]: ...

class _SearchEntryPoint(_Message):
    rendered_content: str

class GroundingMetadata(_Message):
    @property
    def web_search_queries(self) -> list[str]: ...
    @property
    def retrieval_queries(self) -> list[str]: ...
    @property
    def search_entry_point(self) -> _SearchEntryPoint: ...
    @property
    def grounding_chunks(self) -> _Messages[GroundingChunk]: ...
    @property
    def grounding_supports(self) -> _Messages[GroundingSupport]: ...

class Recitation(_Message):
    start_index: int
    end_index: int
    uri: str
    title: str

class _CitationMetadata(_Message):
    @property
    def citations(self) -> _Messages[Recitation]: ...

class LogprobsCandidate(_Message):
    token: str
    log_probability: float

class _TopCandidates(_Message):
    @property
    def candidates(self) -> _Messages[LogprobsCandidate]: ...

class LogprobsResult(_Message):
    @property
    def chosen_candidates(self) -> _Messages[LogprobsCandidate]: ...
    @property
    def top_candidates(self) -> _Messages[_TopCandidates]: ...

class Candidate(_Message):
    index: int
    finish_reason: int
    @property
    def content(self) -> Content: ...
    @property
    def safety_ratings(self) -> _Messages[SafetyRating]: ...
    @property
    def citation_metadata(self) -> _CitationMetadata: ...
    @property
    def grounding_metadata(self) -> GroundingMetadata: ...
    @property
    def logprobs_result(self) -> LogprobsResult: ...

class GenerateContentResponse(_Message):
    response_id: str
    model_version: str
    @property
    def candidates(self) -> _Messages[Candidate]: ...
    @property
    def prompt_feedback(self) -> PromptFeedback: ...
    @property
    def usage_metadata(self) -> UsageMetadata: ...

class CountTokensRequest(_Message):
    endpoint: str
    model: str
    @property
    def contents(self) -> _Messages[Content]: ...
    @property
    def system_instruction(self) -> Content: ...
    @property
    def tools(self) -> _Messages[Tool]: ...
    @property
    def generation_config(self) -> GenerationConfig: ...

class CountTokensResponse(_Message):
    total_tokens: int

class PredictRequest(_Message):
    endpoint: str
    @property
    def instances(self) -> _Messages[Value]: ...
    @property
    def parameters(self) -> Value: ...

class PredictResponse(_Message):
    @property
    def predictions(self) -> _Messages[Value]: ...

class _EmbedContentConfig(_Message):
    task_type: int
    output_dimensionality: int
    auto_truncate: bool

class EmbedContentRequest(_Message):
    model: str
    @property
    def content(self) -> Content: ...
    @property
    def embed_content_config(self) -> _EmbedContentConfig: ...

class _Embedding(_Message):
    @property
    def values(self) -> list[float]: ...

class EmbedContentResponse(_Message):
    truncated: bool
    @property
    def embedding(self) -> _Embedding: ...
    @property
    def usage_metadata(self) -> UsageMetadata: ...
