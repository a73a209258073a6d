"""Room 4, pure: the fields of answers of the Gemini developer API that are known.

https://ai.google.dev/api/generate-content, https://ai.google.dev/api/embeddings. Fields that no translator
reads are here if nothing is lost without them.
"""

from collections.abc import Mapping

from ringmain_server.providers.known_fields import Fields

WIRE = "gemini"
"""The name of this wire where unknown fields are counted."""

_BY_MODALITY = Fields("modality tokenCount")
USAGE = Fields(
    "promptTokenCount candidatesTokenCount thoughtsTokenCount totalTokenCount cachedContentTokenCount"
    " toolUsePromptTokenCount trafficType serviceTier",
    cacheTokensDetails=_BY_MODALITY,
    candidatesTokensDetails=_BY_MODALITY,
    promptTokensDetails=_BY_MODALITY,
    toolUsePromptTokensDetails=_BY_MODALITY,
)
_RATING = Fields("category probability probabilityScore severity severityScore blocked overwrittenThreshold")

_BLOB = Fields("mimeType data displayName")
_FILE = Fields("mimeType fileUri displayName")
_CODE = Fields("id language code")
_CODE_RESULT = Fields("id outcome output")
PART = Fields(
    "text thought thoughtSignature mediaProcessing",
    free="partMetadata videoMetadata mediaResolution speechMetadata",
    codeExecutionResult=_CODE_RESULT,
    executableCode=_CODE,
    fileData=_FILE,
    functionCall=Fields("id name", free="args"),
    functionResponse=Fields("id name scheduling willContinue", free="parts response"),
    inlineData=_BLOB,
    toolCall=Fields("id toolType", free="args"),
    toolResponse=Fields("id toolType", free="response"),
)
"""A part of an answer."""

_SEGMENT = Fields("partIndex startIndex endIndex text")
_CHUNK = Fields(
    # What a source says beside its address and text is about the source.
    maps=Fields("uri title text placeId", free="placeAnswerSources route"),
    retrievedContext=Fields(
        "uri title text documentName fileSearchStore pageNumber mediaId",
        free="customMetadata",
        ragChunk=Fields("text chunkId fileId", pageSpan=Fields("firstPage lastPage")),
    ),
    web=Fields("uri title domain"),
)
_GROUNDING = Fields(
    "webSearchQueries imageSearchQueries retrievalQueries googleMapsWidgetContextToken",
    free="retrievalMetadata sourceFlaggingUris",
    groundingChunks=_CHUNK,
    groundingSupports=Fields("groundingChunkIndices confidenceScores renderedParts", segment=_SEGMENT),
    searchEntryPoint=Fields("renderedContent sdkBlob"),
)
_RECITED = Fields("startIndex endIndex uri title license", free="publicationDate")
_TOKEN = Fields("token tokenId logProbability")
CANDIDATE = Fields(
    "index finishReason finishMessage tokenCount avgLogprobs",
    citationMetadata=Fields(citations=_RECITED, citationSources=_RECITED),
    content=Fields("role", parts=PART),
    groundingMetadata=_GROUNDING,
    logprobsResult=Fields(
        "logProbabilitySum", chosenCandidates=_TOKEN, topCandidates=Fields(candidates=_TOKEN)
    ),
    safetyRatings=_RATING,
    urlContextMetadata=Fields(urlMetadata=Fields("retrievedUrl urlRetrievalStatus")),
)
"""One of the answers to a request."""

_VECTOR = Fields("values", free="shape statistics")
ANSWER = Fields(
    "responseId modelVersion createTime totalTokens cachedContentTokenCount",
    free="error metadata modelStatus",
    cacheTokensDetails=_BY_MODALITY,
    candidates=CANDIDATE,
    embeddings=_VECTOR,
    predictions=Fields(
        "bytesBase64Encoded mimeType prompt raiFilteredReason contentType", free="safetyAttributes"
    ),
    promptFeedback=Fields("blockReason blockReasonMessage", safetyRatings=_RATING),
    promptTokensDetails=_BY_MODALITY,
    usageMetadata=USAGE,
)
"""A whole answer of any method, or an event of a stream."""

_FLAT = ANSWER.names - {"promptFeedback"}
_PLAIN_CANDIDATE = frozenset({"content", "index"})
_PLAIN_CONTENT = frozenset({"parts", "role"})
_PLAIN_PART = frozenset({"text", "thought"})


def is_plain(event: Mapping[str, object]) -> bool:
    """Whether an event of a stream has known fields alone, because it has only those of nearly every event.

    It is asked of every event, and so takes a fraction of the time of `ANSWER.unknown`.
    """
    match event:
        case {"candidates": [{"content": {"parts": [{"text": str(), **part}], **content}, **candidate}]}:
            usage = event.get("usageMetadata")
            return (
                _FLAT.issuperset(event)
                and _PLAIN_CANDIDATE.issuperset(candidate)
                and _PLAIN_CONTENT.issuperset(content)
                and _PLAIN_PART.issuperset(part)
                and not USAGE.unknown(usage)
            )
    return False
