"""Room 4, pure: explains why Imagen drew nothing.

https://cloud.google.com/vertex-ai/generative-ai/docs/image/responsible-ai-imagen#safety-categories: an answer
has a text for people, with codes that stand for categories.
"""

import re
from collections.abc import Iterable, Mapping

from ringmain_server.errors import ContentFiltered

_CODES = re.compile(r"\b\d{8}\b")
REFUSALS = re.compile(
    r"responsible ai|sensitive words|support codes?:|violat\w+ .{0,60}(?:usage guidelines|policies)|"
    r"safety (?:filter|setting)s?",
    re.IGNORECASE,
)
"""Matches the wordings in which a safety system refuses."""
_CATEGORIES: Mapping[str, tuple[str, ...]] = {
    "celebrity": ("29310472", "15236754"),
    "celebrity_or_child": ("64151117", "42237218"),
    "child": ("58061214", "17301594"),
    "dangerous": ("62263041",),
    "hate": ("57734940", "22137204"),
    "other": ("74803281", "29578790", "42876398"),
    "people": ("39322892",),
    "personal_information": ("92201652",),
    "prohibited": ("89371032", "49114662", "72817394"),
    "sexual": ("90789179", "63429089", "43188360"),
    "toxic": ("78610348",),
    "violence": ("61493863", "56562880"),
    "vulgar": ("32635315",),
}
_BY_CODE = {code: name for name, codes in _CATEGORIES.items() for code in codes}


def filtered(provider_id: str, did: str, *texts: str) -> ContentFiltered:
    """Returns the failure that a safety system's messages mean.

    Args:
        provider_id: The provider that answered.
        did: The action of the system, for the message.
        texts: Its messages, unchanged.
    """
    category = ",".join(sorted(_categories(texts))) or "other"
    return ContentFiltered(
        provider_id, f"the provider's safety system {did}", metadata={"category": category}
    )


def _categories(texts: Iterable[str]) -> set[str]:
    return {_BY_CODE[code] for text in texts for code in _CODES.findall(text) if code in _BY_CODE}
