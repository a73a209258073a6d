"""Room 4, pure: decides whose fault it was that an image service refused a request, or that a job failed.

A service's own codes are checked first (the table is in its description), then the wordings that all services
share, and last the status. Wordings about an account (credit, access, keys) take a model out of use for
everybody. So they count only where the service itself speaks, and not where it may be quoting the caller,
which is after the beginning of a message about the request.
"""

import enum
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ringmain_server.errors import (
    AccessRefused,
    ContentFiltered,
    CredentialsRefused,
    JobFailed,
    ProviderError,
    QuotaSpent,
    ServerFault,
)
from ringmain_server.providers.faults import INPUTS, MODERATED, SPENT, SPENT_NOT_RATE, meaning_of
from ringmain_server.providers.http_errors import clean, rejected


class Fault(enum.Enum):
    """The party that caused a failure."""

    CALLER = "caller"
    """The request's fault: its fields, its files or its URLs."""
    MODERATION = "moderation"
    QUOTA = "quota"
    ACCESS = "access"
    """The account may not use the model, or not yet."""
    CREDENTIALS = "credentials"
    PROVIDER = "provider"
    UNTOLD = "untold"
    """The fault of the request, the model or the provider; the service does not say which, or cannot."""


Codes = Mapping[str, Fault]
"""Prefixes of codes, in lower case, and what they mean. The longest matching prefix counts."""


@dataclass(frozen=True, slots=True)
class FailureReport:
    """A service's description of a failure.

    Attributes:
        message: The message for people, unchanged.
        codes: Its codes, types and names.
        categories: The categories to which a safety system objected.
    """

    message: str = ""
    codes: Sequence[str] = ()
    categories: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class FaultTable:
    """The table of one service.

    Attributes:
        codes: The service's own codes.
    """

    codes: Codes = field(default_factory=dict)

    def coded(self, codes: Iterable[str]) -> Fault | None:
        """Returns the meaning of the first code that has one; None if none has."""
        for code in codes:
            lower = code.lower()
            for table in (self.codes, _CODES):
                fitting = [start for start in table if lower.startswith(start)]
                if fitting:
                    return table[max(fitting, key=len)]
        return None


_CODES: Codes = {
    "content_moderation": Fault.MODERATION,
    "content_policy": Fault.MODERATION,
    "content_filter": Fault.MODERATION,
    "contentfilter": Fault.MODERATION,
    "moderation": Fault.MODERATION,
    "prompt_moderation": Fault.MODERATION,
    "nsfw": Fault.MODERATION,
    "safety": Fault.MODERATION,
    "insufficient_credit": Fault.QUOTA,
    "insufficient_balance": Fault.QUOTA,
    "insufficient_funds": Fault.QUOTA,
    "insufficient_quota": Fault.QUOTA,
    "not_enough_credits": Fault.QUOTA,
    "payment_required": Fault.QUOTA,
    "quota_exceeded": Fault.QUOTA,
}

_MODERATION = re.compile(MODERATED, re.IGNORECASE)
_QUOTA = re.compile(SPENT, re.IGNORECASE)
_QUOTA_NOT_RATE = re.compile(SPENT_NOT_RATE, re.IGNORECASE)
_QUOTA_ITSELF = re.compile(
    r"\W*(?:error:?\s*)?(?:your account\s+)?(?:you (?:have|(?:do not|don't) have)\s+)?"
    r"(?:insufficient|not enough|no|enough|sufficient|exhausted|out of)\s+(?:api\s+)?"
    r"(?:credits?|balance|funds|tokens|quota)\b(?!\s*(?:must|should|limit))",
    re.IGNORECASE,
)
"""Matches only at the beginning of a message, where the service itself speaks."""
_KEY = re.compile(
    r"\b(?:invalid|incorrect|missing|expired|revoked|bad|no)\s+(?:api[ _-]?)?(?:key|token|credentials)\b"
    r"|unauthenticated|unauthorized|authenticat(?:ion|ed?)\b|authori[sz]ation hook|\bsignature\b",
    re.IGNORECASE,
)
_KEY_ITSELF = re.compile(
    r"\W*(?:(?:invalid|incorrect|missing) api[ _-]?(?:key|token)\b"
    r"|invalid response from authori[sz]ation hook|authentication hook unauthori[sz]ed)",
    re.IGNORECASE,
)
_PROVIDERS = re.compile(
    r"internal (?:server )?error|temporar(?:y|ily)\b|unavailable|overload|high demand|\bcapacity\b|try again",
    re.IGNORECASE,
)
_CALLERS = re.compile(
    r"\binvalid\b|must (?:be|have|not)|not supported|unsupported|\bvalidation\b|not (?:a )?valid|\bcorrupt"
    r"|cannot identify image|(?:could not|cannot|can't|unable to|failed to) (?:load|read|decode|download|open"
    r"|parse|fetch|process) (?:\w+ ){0,3}(?:image|file|input|mask|url)|(?:not|no) (?:an )?image\b"
    r"|too (?:large|small|long|short|big|many|few)|out of range|\bexceeds\b|at (?:least|most) \d|\bexpected\b"
    r"|required (?:field|property|input)|missing required",
    re.IGNORECASE,
)


def fault_of_status(told: FailureReport, status: int, faults: FaultTable) -> Fault | None:
    """Returns whose fault a refusal was, if the body says so; None if only the status does."""
    coded = faults.coded(told.codes)
    if coded is not None and (status < 500 or coded in (Fault.MODERATION, Fault.UNTOLD)):
        return coded
    for pattern, fault in _WORDS.get(status, ()):
        if pattern(told.message):
            return fault
    return None if meaning_of(INPUTS, status, (), told.message) is None else Fault.CALLER


_MODERATED = (_MODERATION.search, Fault.MODERATION)
_WORDS: Mapping[int, Sequence[tuple[Callable[[str], object], Fault]]] = {
    400: ((_QUOTA_ITSELF.match, Fault.QUOTA), (_KEY_ITSELF.match, Fault.CREDENTIALS), _MODERATED),
    401: ((_QUOTA.search, Fault.QUOTA),),
    # Any other 403 is about the account's permissions, and takes this model out of use for a while.
    403: (
        _MODERATED,
        (_QUOTA.search, Fault.QUOTA),
        (_KEY.search, Fault.CREDENTIALS),
        (lambda _: True, Fault.ACCESS),
    ),
    422: (_MODERATED,),
    429: ((_QUOTA_NOT_RATE.search, Fault.QUOTA),),
}
"""The wordings that count for each status; the first match wins."""


def fault_of_job(told: FailureReport, faults: FaultTable) -> Fault:
    """Returns whose fault it was that a job failed; without a reason, the provider is not blamed."""
    coded = faults.coded(told.codes)
    if coded is not None:
        return coded
    text = told.message
    if _MODERATION.search(text):
        return Fault.MODERATION
    if _QUOTA_ITSELF.match(text):
        return Fault.QUOTA
    if _PROVIDERS.search(text):
        return Fault.PROVIDER
    return Fault.CALLER if _CALLERS.search(text) else Fault.UNTOLD


def meant(provider_id: str, fault: Fault, told: FailureReport, secrets: Sequence[str] = ()) -> ProviderError:
    """Returns the failure that a fault means for the gateway and the caller."""
    match fault:
        case Fault.CALLER:
            return rejected(provider_id, clean(told.message, secrets))
        case Fault.MODERATION:
            return filtered(provider_id, told.categories)
        case Fault.QUOTA:
            return QuotaSpent(provider_id, "has no quota or credit left for this account")
        case Fault.ACCESS:
            return AccessRefused(provider_id, "does not let this account use the model")
        case Fault.CREDENTIALS:
            return CredentialsRefused(provider_id, "refused the gateway's credentials")
        case Fault.PROVIDER:
            return ServerFault(provider_id, "could not finish the job")
        case Fault.UNTOLD:
            return JobFailed(provider_id, "could not finish the job")


def filtered(provider_id: str, categories: Iterable[str] = ()) -> ContentFiltered:
    """Returns the failure of a picture or a job that a safety system objects to."""
    category = ",".join(sorted(filter(None, map(clean, set(categories))))) or "unspecified"
    return ContentFiltered(provider_id, "its safety system refused", metadata={"category": category})
