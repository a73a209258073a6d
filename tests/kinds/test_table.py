"""The rows of provider kinds name files, prices, capabilities and extras that exist."""

import tomllib
from pathlib import Path

import pytest
from genai_prices.data_snapshot import get_snapshot
from ringmain_server.catalog.capabilities import capability
from ringmain_server.catalog.media_prices import PRICES
from ringmain_server.catalog.models import DATA
from ringmain_server.kinds import KINDS, Kind, OpenAIKind, openai_kind

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EACH = pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)


@EACH
def test_the_catalog_has_what_a_row_names(kind: Kind) -> None:
    """A row's part of the catalog is files that exist, and capabilities of the contract."""
    if kind.shelf is not None:
        assert all((DATA / f"{family}.toml").is_file() for family in kind.shelf.families)
        assert all(map(capability, kind.shelf.adds))


@EACH
def test_the_price_lists_have_what_a_row_names(kind: Kind) -> None:
    """The bundled price list knows a row's provider, and the list of media knows the one that it names."""
    listed = {provider.id for provider in get_snapshot().providers}
    assert not kind.prices or kind.prices in listed
    media = {row["provider"] for row in tomllib.loads(PRICES.read_text(encoding="utf-8"))["prices"]}
    assert not kind.media_prices or kind.media_prices in media


@EACH
def test_an_extra_is_one_of_the_distribution(kind: Kind) -> None:
    """The extra that a row names can be installed, and here it is."""
    assert kind.extra is None or kind.extra in PROJECT["optional-dependencies"]
    assert kind.installed


def test_a_library_that_is_missing() -> None:
    """A kind whose module cannot be found is not installed, even if the package around it is missing too."""
    for module in ("no_such_module", "no_such_package.module"):
        assert not Kind(name="k", title="K", wire="w", module=module).installed


def test_the_second_variable_is_read_when_it_alone_is_set() -> None:
    """Of two variables for a setting the first wins."""
    gemini = KINDS["gemini"]
    assert gemini.variable("api_key", {"GOOGLE_API_KEY": "x"}) == "GOOGLE_API_KEY"
    assert gemini.variable("api_key", {"GOOGLE_API_KEY": "x", "GEMINI_API_KEY": "y"}) == "GEMINI_API_KEY"
    assert gemini.variable("api_key", {}) == "GEMINI_API_KEY"


def test_rows_of_one_wire() -> None:
    """The rows of OpenAI's wire are found by name, and no other kind is taken for one."""
    assert isinstance(openai_kind("groq"), OpenAIKind)
    with pytest.raises(KeyError):
        openai_kind("anthropic")
