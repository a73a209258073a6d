"""Sandbox, pure: the tools that it runs itself: a web search that finds nothing real, and code that is fixed.

A request declares them by their type, and an answer has them in `executed_tools`, as Groq names it
(https://console.groq.com/docs/compound). Each is signed, and must come back as it went out.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ringmain_sandbox import tokens
from ringmain_sandbox.refusal import bad_request

WEB_SEARCH, CODE_EXECUTION = "web_search", "code_execution"
NAMES = (WEB_SEARCH, CODE_EXECUTION)
FAILING = "fail"
"""The word of the user that makes these tools fail."""
_DOMAIN = "sandbox.test"
_CODE, _OUTPUT = "print(6 * 7)", "42\n"
_FAILED = "The sandbox plays a tool that fails."

_Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Found:
    """A page of a search."""

    title: str
    url: str
    content: str


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a tool.

    Attributes:
        id: Identifies it.
        name: One of `NAMES`.
        arguments: What was asked of it, as JSON.
        output: What it printed; empty for a search.
        pages: What a search found.
        failed: Whether it failed.
    """

    id: str
    name: str
    arguments: str
    output: str = ""
    pages: tuple[Found, ...] = field(default=())
    failed: bool = False

    @property
    def event_count(self) -> int:
        """The number of its events in a stream: its beginning, its arguments, and its end."""
        return 2 + tokens.count(self.arguments)

    @property
    def whole(self) -> _Json:
        """The run as an answer has it, signed."""
        told = self._told()
        return {**told, "signature": _signature(told)}

    def deltas(self, index: int) -> Iterator[_Json]:
        """Yields the run in the pieces of a stream."""
        yield {"index": index, "id": self.id, "type": self.name}
        for piece in tokens.pieces(self.arguments):
            yield {"index": index, "arguments_delta": piece}
        yield {"index": index, **self.whole}

    def _told(self) -> _Json:
        pages = [{"title": page.title, "url": page.url, "content": page.content} for page in self.pages]
        found: _Json = {"search_results": {"results": pages}} if pages else {}
        failed: _Json = {"failed": True} if self.failed else {}
        return {
            "id": self.id,
            "type": self.name,
            "arguments": self.arguments,
            "output": self.output,
            **found,
            **failed,
        }


def run(name: str, settings: Mapping[str, object], query: str, run_id: str, *, fails: bool) -> Run:
    """Runs a tool.

    Args:
        name: One of `NAMES`.
        settings: The request's settings of the tool.
        query: What a search looks for.
        run_id: Identifies the run.
        fails: Whether it fails.
    """
    searches = name == WEB_SEARCH
    arguments = json.dumps({"query": query} if searches else {"code": _CODE}, ensure_ascii=False)
    if fails:
        return Run(run_id, name, arguments, _FAILED, failed=True)
    if not searches:
        return Run(run_id, name, arguments, _OUTPUT)
    return Run(run_id, name, arguments, pages=tuple(_pages(settings, query)))


def _pages(settings: Mapping[str, object], query: str) -> Iterator[Found]:
    allowed = settings.get("allowed_domains")
    domain = str(allowed[0]) if isinstance(allowed, list) and allowed else _DOMAIN
    for number in (1, 2):
        content = f"The sandbox made up page {number} for “{query}”."
        yield Found(f"Page {number}", f"https://{domain}/page-{number}", content)


def check(given: object, param: str) -> Sequence[Mapping[str, object]]:
    """Returns the runs that an earlier turn sends back.

    Raises:
        RefusedError: They are not what the sandbox sent.
    """
    runs = [one for one in given if isinstance(one, Mapping)] if isinstance(given, list) else []
    for one in runs:
        told = {name: value for name, value in one.items() if name not in ("signature", "index")}
        if one.get("signature") != _signature(told):
            raise bad_request("A tool that the sandbox ran came back changed.", param)
    return runs


def sign(text: str) -> str:
    """Returns the signature of a text."""
    return hashlib.sha256(f"sandbox\0{text}".encode()).hexdigest()[:32]


def _signature(told: Mapping[str, object]) -> str:
    return sign(json.dumps(told, sort_keys=True))
