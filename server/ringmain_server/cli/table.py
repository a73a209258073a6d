"""Command line, pure: formats models as a table."""

from collections.abc import Iterator, Sequence

from rich import box
from rich.table import Table
from rich.text import Text
from ringmain.v1.model_service_pb2 import Candidate, Capability, Model

from ringmain_server.cli.summary import money


def model_table(models: Sequence[Model]) -> Table:
    """Returns a table with a row for each candidate, in the order tried, under the model's name."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("model", no_wrap=True)
    table.add_column("candidates", overflow="fold", min_width=10)
    table.add_column("context", justify="right", no_wrap=True)
    table.add_column("$/M in", justify="right", no_wrap=True)
    table.add_column("$/M out", justify="right", no_wrap=True)
    table.add_column("avail.", no_wrap=True)
    table.add_column("capabilities", overflow="fold", min_width=8)
    for model in models:
        for row in _rows(model):
            # As Text, since rich would read brackets in a name as markup.
            table.add_row(*(Text(cell) for cell in row))
    return table


def _rows(model: Model) -> Iterator[tuple[str, ...]]:
    capabilities = ", ".join(capability_name(number) for number in model.capabilities)
    heads = [(model.model, capabilities)] + [("", "")] * (len(model.candidates) - 1)
    for (name, able), candidate in zip(heads, model.candidates or [Candidate()], strict=True):
        yield (name, *_cells(candidate, name), able)


def _cells(candidate: Candidate, model: str) -> tuple[str, ...]:
    if not candidate.provider_id:
        return ("none", "", "", "", "no")
    path = f"{candidate.provider_id}/{candidate.provider_model}"
    return (
        "itself" if path == model else path,
        size(candidate.context_token_count),
        _price(candidate, "input_mtok_cost_nano_usd"),
        _price(candidate, "output_mtok_cost_nano_usd"),
        "yes" if candidate.available else "no",
    )


def capability_name(number: int) -> str:
    """Returns a capability's name in lower case, such as `json_schema`."""
    known = Capability.DESCRIPTOR.values_by_number.get(number)
    return known.name.removeprefix("CAPABILITY_").lower() if known else f"capability {number}"


def size(tokens: int) -> str:
    """Formats a context's size, such as `128k` or `1M`; zero is unknown."""
    for unit, sign in ((1_000_000, "M"), (1_000, "k")):
        if tokens >= unit:
            return f"{tokens / unit:.4g}{sign}"
    return str(tokens) if tokens else "?"


def _price(candidate: Candidate, field: str) -> str:
    known = candidate.HasField(field)  # type: ignore[arg-type]  # one of two fields of the message
    return money(getattr(candidate, field)).removeprefix("$") if known else "?"
