"""Room 4, pure: chooses from an answer's JSON what comes beside its parts: its sources and log probabilities.

https://ai.google.dev/api/generate-content#v1beta.Candidate. Only fields that are read are taken, and each
with its type, so that an odd value elsewhere does not fail the answer.
"""

from collections.abc import Mapping

from ringmain_server.providers.numbers import logprob, place

Object = dict[str, object]

_KINDS: Mapping[str, tuple[str, ...]] = {
    "web": ("uri", "title"),
    "maps": ("uri", "title", "text"),
    "retrievedContext": ("uri", "title", "text"),
}
"""The kinds of sources, with the fields that are read."""


def beside(candidate: Mapping[str, object]) -> Object:
    """Returns the fields of a candidate that are about its text."""
    found: Object = {}
    if isinstance(grounding := candidate.get("groundingMetadata"), dict):
        found["groundingMetadata"] = _grounding(grounding)
    if isinstance(cited := candidate.get("citationMetadata"), dict):
        # Vertex AI and the newer reference name the list differently.
        recited = _objects(cited, "citationSources") or _objects(cited, "citations")
        found["citationMetadata"] = {"citations": [_recited(one) for one in recited]}
    if isinstance(result := candidate.get("logprobsResult"), dict):
        found["logprobsResult"] = {
            "chosenCandidates": [_token(one) for one in _objects(result, "chosenCandidates")],
            "topCandidates": [
                {"candidates": [_token(inner) for inner in _objects(one, "candidates")]}
                for one in _objects(result, "topCandidates")
            ],
        }
    return found


def _grounding(grounding: Object) -> Object:
    entry = grounding.get("searchEntryPoint")
    return {
        "webSearchQueries": _texts(grounding, "webSearchQueries"),
        "retrievalQueries": _texts(grounding, "retrievalQueries"),
        "searchEntryPoint": _words(entry, ("renderedContent",)) if isinstance(entry, dict) else {},
        # A source of another kind keeps its place, because supports refer to places.
        "groundingChunks": [_chunk(one) for one in _objects(grounding, "groundingChunks")],
        "groundingSupports": [_support(one) for one in _objects(grounding, "groundingSupports")],
    }


def _chunk(chunk: Object) -> Object:
    for kind, names in _KINDS.items():
        if isinstance(found := chunk.get(kind), dict):
            return {kind: {**_words(found, names), **_page(found)}}
    return {}


def _page(found: Object) -> Object:
    """Returns the page on which a source in a file begins."""
    chunk = found.get("ragChunk")
    span = chunk.get("pageSpan") if isinstance(chunk, dict) else None
    first = span.get("firstPage") if isinstance(span, dict) else None
    return {"ragChunk": {"pageSpan": {"firstPage": first}}} if _fits(first) else {}


def _support(support: Object) -> Object:
    segment = support.get("segment")
    indices = support.get("groundingChunkIndices")
    return {
        "segment": _stretch(segment, ("text",)) if isinstance(segment, dict) else {},
        "groundingChunkIndices": [
            index for index in (indices if isinstance(indices, list) else ()) if _fits(index)
        ],
    }


def _recited(found: Object) -> Object:
    return _stretch(found, ("uri", "title"))


def _stretch(found: Object, names: tuple[str, ...]) -> Object:
    numbers = {name: found[name] for name in ("startIndex", "endIndex") if _fits(found.get(name))}
    return {**_words(found, names), **numbers}


def _fits(value: object) -> bool:
    """Whether a value is a whole number that a message can hold."""
    return place(value) is not None


def _token(found: Object) -> Object:
    # Zero, which is certain, may be left out.
    return {**_words(found, ("token",)), "logProbability": logprob(found.get("logProbability", 0.0))}


def _words(found: Object, names: tuple[str, ...]) -> Object:
    return {name: value for name in names if isinstance(value := found.get(name), str)}


def _texts(found: Object, name: str) -> list[str]:
    value = found.get(name)
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _objects(found: Object, name: str) -> list[Object]:
    """Returns a list of objects. Anything else in it becomes an empty object, so that places stay."""
    value = found.get(name)
    return [one if isinstance(one, dict) else {} for one in value] if isinstance(value, list) else []
