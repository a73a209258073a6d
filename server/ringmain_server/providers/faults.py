"""Room 4, pure: classifies failures by whose fault they are; the tables of all wires have this form.

Each wire has a table in the `faults.py` of its folder. Its rows say what the codes, the wording and the
status of an error mean, and its mappings say what the reasons mean for which an answer ends. `Meaning` and
`Ending` say whose fault each is and which error class it becomes; the class decides what follows
(docs/errors.md). Only a provider's fault counts for its breaker, and only a failure that every caller would
meet makes a candidate cool down.
"""

import enum
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from ringmain.v1.generation_pb2 import (
    FINISH_REASON_CONTENT_FILTER,
    FINISH_REASON_MAX_TOKENS,
    FINISH_REASON_PAUSED,
    FINISH_REASON_REFUSAL,
    FINISH_REASON_STOP,
    FINISH_REASON_TOOL_CALLS,
    FINISH_REASON_UNSPECIFIED,
    FinishReason,
)

from ringmain_server import errors
from ringmain_server.errors import CooldownKind, ProviderError


class Whose(enum.Enum):
    """The party that can do something about a failure."""

    CALLER = "caller"
    MODEL = "model"
    OPERATOR = "operator"
    """The account: credentials, quota, access, configuration."""
    PROVIDER = "provider"
    NOBODY = "nobody"
    """The answer is no failure, or nobody can tell."""


class Meaning(enum.Enum):
    """The meaning of a provider's error: whose fault it is, its class, and the gateway's words for it."""

    REJECTED = Whose.CALLER, errors.Rejected, "refused the request without saying why"
    TOO_LONG = Whose.CALLER, errors.ContextTooLong, "the input is longer than the model's context"
    TOO_LARGE = Whose.CALLER, errors.RequestTooLarge, "the request is larger than the account's limit allows"
    FILTERED = Whose.CALLER, errors.ContentFiltered, "the provider's safety system refused the request"
    TIER_FULL = Whose.CALLER, errors.TierFull, "has no room in the tier that the request asks for"
    MODEL_OUTPUT = Whose.MODEL, errors.ModelOutputInvalid, "the model wrote what cannot be used"
    RATE_LIMITED = Whose.OPERATOR, errors.RateLimited, "is limiting our rate"
    QUOTA_SPENT = Whose.OPERATOR, errors.QuotaSpent, "has no quota or credit left for this account"
    CREDENTIALS = Whose.OPERATOR, errors.CredentialsRefused, "refused the gateway's credentials"
    ACCESS = Whose.OPERATOR, errors.AccessRefused, "does not let the gateway's account use this model"
    UNKNOWN_MODEL = Whose.OPERATOR, errors.UnknownProviderModel, "does not know the model"
    SERVER_FAULT = Whose.PROVIDER, errors.ServerFault, "failed by a fault of its own"
    UNEXPLAINED = Whose.NOBODY, errors.Unexplained, "reported an error instead of an answer"

    def __init__(self, whose: Whose, kind: type[ProviderError], words: str) -> None:
        self.whose = whose
        self.kind = kind
        self.words = words

    def error(
        self,
        provider_id: str,
        message: str = "",
        *,
        retry_after: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> ProviderError:
        """Returns the failure of an attempt with this meaning.

        Args:
            provider_id: The provider that answered.
            message: The part of the provider's message that a caller may see, already clean. It is passed on
                if the request is at fault; problems of the account do not concern callers.
            retry_after: Seconds that the provider asked to be left alone.
            metadata: Details for programs.
        """
        shown = message if self in _SHOWN and message else self.words
        return self.kind(provider_id, shown, retry_after=retry_after, metadata=metadata)


_SHOWN = frozenset({Meaning.REJECTED, Meaning.TOO_LONG, Meaning.TOO_LARGE})
"""Meanings whose error carries the provider's own message."""


class Ending(enum.Enum):
    """The way an answer ended: whose fault it is, the contract's reason, and the gateway's words for it.

    An ending without words is no failure, unless a safety system left nothing of the answer.
    """

    STOP = Whose.NOBODY, FINISH_REASON_STOP, ""
    TOOL_CALLS = Whose.NOBODY, FINISH_REASON_TOOL_CALLS, ""
    PAUSED = Whose.NOBODY, FINISH_REASON_PAUSED, ""
    MAX_TOKENS = Whose.CALLER, FINISH_REASON_MAX_TOKENS, ""
    REFUSAL = Whose.CALLER, FINISH_REASON_REFUSAL, ""
    WITHHELD = Whose.CALLER, FINISH_REASON_CONTENT_FILTER, ""
    """A safety system intervened. What it left is an answer; if it left nothing, the call is refused."""
    UNKNOWN = Whose.NOBODY, FINISH_REASON_UNSPECIFIED, ""
    """A reason without a meaning of its own, or one that a vendor added: the text written is the answer."""
    HISTORY = (
        Whose.CALLER,
        FINISH_REASON_UNSPECIFIED,
        "the conversation lacks a signature that the model gave with its reasoning and wants back",
    )
    BROKEN_CALL = (
        Whose.MODEL,
        FINISH_REASON_UNSPECIFIED,
        "the model wrote a tool call that cannot be used",
    )
    BROKEN_ANSWER = (
        Whose.MODEL,
        FINISH_REASON_UNSPECIFIED,
        "the model wrote an answer that cannot be used",
    )
    SERVER_FAULT = (
        Whose.PROVIDER,
        FINISH_REASON_UNSPECIFIED,
        "broke the answer off by a fault of its own",
    )

    def __init__(self, whose: Whose, reason: FinishReason.ValueType, words: str) -> None:
        self.whose = whose
        self.reason = reason
        self.words = words

    def failure(self, provider_id: str) -> ProviderError | None:
        """Returns the failure of an answer that ended this way; None if such an answer is no failure."""
        kind = _FAILED.get(self)
        return None if kind is None else kind(provider_id, self.words)


_FAILED: Mapping[Ending, type[ProviderError]] = {
    Ending.HISTORY: errors.Rejected,
    Ending.BROKEN_CALL: errors.ModelOutputInvalid,
    Ending.BROKEN_ANSWER: errors.ModelOutputInvalid,
    Ending.SERVER_FAULT: errors.ServerFault,
}


def said_nothing(provider_id: str) -> ProviderError:
    """Returns the failure of an answer that is empty and ended for no known reason.

    Prompts cause this at healthy providers, so it counts against none.
    """
    return errors.ModelOutputInvalid(provider_id, "the model broke off before it had answered anything")


_OF_REQUESTS = range(400, 500)

Endings = Mapping[str, Ending]
"""Endings by the wire's reason."""

_OF_SAFETY = (
    "safety",
    "content_",
    "content ",
    "policy",
    "moderat",
    "guardrail",
    "prohibited",
    "blocked",
    "filter",
)
_OF_LENGTH = ("length", "max_tokens", "max_output", "token_limit")


def plainly(word: str) -> Ending:
    """Returns the meaning of a reason that is in no table, judged by the words in it.

    Servers that forward the answers of other servers send such reasons.
    """
    lower = word.lower()
    if any(one in lower for one in _OF_SAFETY):
        return Ending.WITHHELD
    return Ending.MAX_TOKENS if any(one in lower for one in _OF_LENGTH) else Ending.UNKNOWN


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a wire's table of errors. All its conditions must hold.

    Attributes:
        meaning: The meaning of the error.
        words: Codes and types in lower case; the error has at least one of them.
        says: A pattern for the error's message.
        statuses: HTTP statuses of the error; empty for all of the 400 class.
    """

    meaning: Meaning
    words: frozenset[str] = frozenset()
    says: re.Pattern[str] | None = None
    statuses: frozenset[int] = frozenset()

    def matches(self, status: int, words: Collection[str], message: str) -> bool:
        """Whether the row describes an error."""
        # The cheap conditions first: the pattern runs only for errors with a fitting status and word.
        if status not in (self.statuses or _OF_REQUESTS):
            return False
        if self.words and self.words.isdisjoint(words):
            return False
        return self.says is None or self.says.search(self._readable(message)) is not None

    def _readable(self, message: str) -> str:
        """Returns the part of a message that a row may rely on.

        Providers quote what callers sent. A wording that makes a candidate cool down must not be found there,
        or a caller could take the candidate from everybody by naming a field after it.
        """
        return message if self.meaning.kind.cooldown is CooldownKind.NONE else unquoted(message)


def row(meaning: Meaning, *words: str, says: str | None = None, statuses: Iterable[int] = frozenset()) -> Row:
    """Returns a row, in a short notation. `says` is a regular expression that ignores case."""
    pattern = re.compile(says, re.IGNORECASE) if says is not None else None
    return Row(meaning, frozenset(words), pattern, frozenset(statuses))


def meaning_of(rows: Iterable[Row], status: int, words: Collection[str], message: str) -> Meaning | None:
    """Returns the meaning of the first row that an error matches; None if it matches none.

    Args:
        rows: The wire's table, in order.
        status: The HTTP status, or the one that the error implies.
        words: The error's codes and types, in lower case.
        message: The error's message, unchanged.
    """
    text = message[:_READ]
    for one in rows:
        if one.matches(status, words, text):
            return one.meaning
    return None


_READ = 4096
"""Characters of a message that are searched for wordings."""
_QUOTED = re.compile(r"(?<!\w)'.*'(?!\w)|\".*\"|`.*`|\{.*\}|\[.*\]", re.DOTALL)


def unquoted(message: str) -> str:
    """Returns a message without its quotations, from the first to the last quotation mark of each kind."""
    return _QUOTED.sub(" ", message)


MODERATED = (
    r"\bnsfw\b|\bmoderat(?:ion|ed|or)\b|\bsafety\b(?! ?(?:tolerance|checker))|\bflagged\b"
    r"|content[ _-]?(?:policy|filter)|usage polic|content exists risk"
    r"|\b(?:sensitive|inappropriate|prohibited|unsafe|harmful|disallowed) (?:content|material|words?)"
    r"|violat\w+ .{0,60}(?:polic|guideline)"
    r"|\b(?:prompt|content|image)\b.{0,40}"
    r"\b(?:not (?:allowed|permitted)|blocked|disallowed|prohibited|violat)"
    r"|\b(?:blocked|disallowed|prohibited)\b.{0,40}\b(?:prompt|content|words?)\b"
)
"""Wordings of safety systems' refusals, for cases where nothing else is likely, such as a 403."""
OBJECTED = (
    r"(?:blocked|rejected|refused|filtered|flagged|denied|violat\w+)\b.{0,60}"
    r"\b(?:safety|moderation|guardrails?|(?:content|usage) (?:management )?(?:polic|guideline))"
    r"|\b(?:safety|moderation|guardrails?)(?: \w+){0,2} (?:has |have )?"
    r"(?:blocked|rejected|refused|filtered|flagged|intervened)"
    r"|content exists risk|(?:contains?|contain(?:ed|ing)) "
    r"(?:sensitive|inappropriate|prohibited|unsafe|harmful|disallowed|nsfw) (?:content|material|words?)"
)
"""Unmistakable wordings of refusals, for messages that may instead be about a field with such a name."""
SPENT = (
    r"(?:insufficient|not enough|(?:do not|don't|does not) have (?:enough|sufficient)|out of|no|exhausted"
    r"|(?:ran|run) out of)\s+(?:\w+\s+){0,3}?(?:credits?|balance|funds|tokens|quota)\b"
    r"|\b(?:credits?|balance|quota)\b.{0,30}\b(?:exhausted|exceeded|too low|spent|used up|depleted)"
    r"|\b(?:exceeded|exhausted|reached|used up)\b.{0,30}\b(?:quota|credits?|monthly .{0,20}limit)\b"
    r"|\bmonthly\b.{0,30}\blimit (?:reached|exceeded)|\btop up\b|payment required|billing (?:hard )?limit"
    r"|spend(?:ing)? (?:limit|cap)"
)
"""Wordings for a quota or credit that is exhausted."""
_RATE = r"requests?\b|_requests|per[ _-]?(?:second|minute|min|hour)|\b[rt]pm\b|\brate\b"
SPENT_NOT_RATE = rf"^(?![\s\S]*(?:{_RATE}))[\s\S]*?(?:{SPENT})"
"""The wordings of `SPENT` for a 429, without those of an exceeded rate, which some vendors call a quota."""
SUSPENDED = (
    r"\b(?:account|organi[sz]ation|project|team|workspace|consumer)\b.{0,60}"
    r"\b(?:suspended|disabled|deactivated|terminated|banned)\b"
)
"""Wordings for an account that is closed, for whatever reason."""
_GET = r"(?:load|read|decode|open|parse|process|identify|download|fetch|retrieve|access)"
_MEDIUM = r"(?:image|picture|audio|video|file|pdf|document|schema|media|mask|url)s?"
INPUTS: tuple[Row, ...] = (
    row(
        Meaning.REJECTED,
        says=r"\bgrammar\b|(?:json|response|tool) ?_?schema|schema (?:is )?too (?:complex|large|deep)"
        r"|(?:invalid|unsupported|malformed|corrupt(?:ed)?|broken|bad) (?:\w+ )?"
        r"(?:schema|regex|image|audio|video|pdf)\b"
        rf"|(?:could not|cannot|can't|unable to|failed to) {_GET} (?:\w+ ){{0,3}}{_MEDIUM}\b"
        rf"|\b(?:failed|errors?|failure|problem)(?: occurred)?(?: while| when| in| during)? "
        rf"(?:download|load|fetch|retriev|decod|read|open|pars|process)ing (?:\w+ ){{0,3}}{_MEDIUM}\b"
        rf"|\b{_MEDIUM} (?:data |file )?(?:is |are |was )?(?:truncated|corrupt(?:ed)?|broken|unreadable)"
        rf"|\bnot (?:a |an )?(?:valid )?(?:image|audio|video|pdf)\b|broken data stream"
        r"|^\W*\d{3}, message='|client error: .{0,80} for url"
        r"|initialize samplers|\bvalidation errors?\b|illegal base64|(?:image|audio): unknown format",
        statuses=(500, 501, 502),
    ),
)
"""Inputs that make servers fail and answer a status of their own faults.

Without these rows, a caller of such inputs could open the breaker for everybody.
"""

_THINGS = (
    r"file|item|response|conversation|container|vector[ _]store|prompt|thread|assistant|batch|voice|upload|"
    r"cached ?content|cache|skill|image|tool|connector|guardrail|session|document|media|knowledge base|run|"
    r"message|adapter|memory|speaker|language|dimension|format|parameter|style|preset|template|job|task"
)
# Does not match within a model's name, such as `gpt-image-1`.
_THING = rf"(?<![\w'\"`/.:-])(?:{_THINGS})(?:s|_ids?|[ -]ids?)?(?![\w-])"
_MODEL = r"\b(?:models?|deployments?|engines?|endpoints?|publishers?|inference profiles?)\b"
_NOWHERE = (
    r"^(?:(?:404|error)\W*)*(?:the )?(?:requested )?(?:page|resource|url|path|entity|method|operation)? ?"
    r"(?:(?:was|is) )?not (?:found|implemented)\W*$"
    r"|invalid url|unknown request url|cannot (?:post|get)\b|requested url|resource not found"
)

MISSING: tuple[Row, ...] = (
    row(Meaning.UNKNOWN_MODEL, says=r"^file not found\W*$", statuses=(404,)),  # llama.cpp, about a path
    row(
        Meaning.REJECTED,
        says=rf"{_THING}.{{0,200}}(?:not found|(?:does not|doesn't|not) exist|expired)"
        rf"|\b(?:no|unknown|unsupported|invalid) (?:such )?{_THING}",
        statuses=(404, 410),
    ),
    row(Meaning.UNKNOWN_MODEL, says=rf"{_MODEL}|{_NOWHERE}", statuses=(404, 410, 501)),
    row(Meaning.REJECTED, says=r"\S", statuses=(404, 410, 501)),
)
"""Rows for 404, 410 and 501: only a missing model or a wrong URL makes a candidate cool down.

A caller also names other things: files, earlier responses, voices. If one of them is missing, only that
caller is affected. A 404 without a message is about the URL.
"""
