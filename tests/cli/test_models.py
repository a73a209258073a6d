"""`ringmain models` against a scripted gateway."""

import grpc
import pytest
from google.protobuf.json_format import Parse
from ringmain.v1 import model_service_pb2 as pb
from ringmain_server.cli.table import capability_name, size

from tests.cli.conftest import CommandLine
from tests.client.gateway import Gateway, answers, fails

SMART = pb.Model(
    model="smart",
    capabilities=[pb.CAPABILITY_CHAT, pb.CAPABILITY_JSON_SCHEMA],
    candidates=[
        pb.Candidate(
            provider_id="openai",
            provider_model="gpt[red]",
            context_token_count=128_000,
            input_mtok_cost_nano_usd=150_000_000,
            output_mtok_cost_nano_usd=600_000_000,
            available=True,
        ),
        pb.Candidate(provider_id="sandbox", provider_model="chat"),
    ],
)
DIRECT = pb.Model(model="up/m", candidates=[pb.Candidate(provider_id="up", provider_model="m")])
BARE = pb.Model(model="bare")


def listing(*models: pb.Model) -> pb.ListModelsResponse:
    """The only page."""
    return pb.ListModelsResponse(models=models)


def test_table(gateway: Gateway, ringmain: CommandLine) -> None:
    """A row for each candidate in order, with unknown prices and sizes marked as such."""
    gateway.script(answers(listing(SMART, DIRECT, BARE)))
    result = ringmain("models")
    rows = [line.split() for line in result.stdout.splitlines()[3:] if line.strip()]
    assert rows == [
        ["smart", "openai/gpt[red]", "128k", "0.15", "0.6", "yes", "chat,", "json_schema"],
        ["sandbox/chat", "?", "?", "?", "no"],
        ["up/m", "itself", "?", "?", "?", "no"],
        ["bare", "none", "no"],
    ]


def test_json(gateway: Gateway, ringmain: CommandLine) -> None:
    """`--json` prints the contract's message."""
    gateway.script(answers(listing(SMART, BARE)))
    result = ringmain("models", "--json")
    assert Parse(result.stdout, pb.ListModelsResponse()) == listing(SMART, BARE)
    assert '"provider_id"' in result.stdout


def test_one_model(gateway: Gateway, ringmain: CommandLine) -> None:
    """A name asks for that model alone."""
    gateway.script(answers(pb.GetModelResponse(model=SMART)))
    result = ringmain("models", "smart", "--json")
    assert Parse(result.stdout, pb.Model()) == SMART
    assert gateway.requests == [pb.GetModelRequest(model="smart")]


def test_unknown_model(gateway: Gateway, ringmain: CommandLine) -> None:
    """A model that does not exist is one line and exit code 1."""
    gateway.script(fails(grpc.StatusCode.NOT_FOUND, "MODEL_NOT_FOUND"))
    result = ringmain("models", "nope")
    assert (result.exit_code, result.stderr) == (1, "error: MODEL_NOT_FOUND: it is NOT_FOUND\n")


def test_by_capability(gateway: Gateway, ringmain: CommandLine) -> None:
    """Capabilities filter the list; an empty one is said to be."""
    gateway.script(answers(listing()))
    result = ringmain("models", "--capability", "vision", "--capability", "tools")
    assert result.stdout == "no models\n"
    wanted = [pb.CAPABILITY_VISION, pb.CAPABILITY_TOOLS]
    assert gateway.requests == [pb.ListModelsRequest(capabilities=wanted)]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--capability", "sight"), "--capability: unknown capability 'sight': expected one of"),
        (("smart", "--capability", "chat"), "--capability filters a list"),
    ],
)
def test_mistakes_of_the_person(ringmain: CommandLine, args: tuple[str, ...], said: str) -> None:
    """A flag that cannot be right ends with exit code 2."""
    result = ringmain("models", *args)
    assert result.exit_code == 2
    assert said in result.stderr


def test_names_and_sizes() -> None:
    """Capabilities newer than this client have a number, and sizes a unit."""
    assert capability_name(999) == "capability 999"
    assert [size(n) for n in (0, 512, 8_192, 1_047_576)] == ["?", "512", "8.192k", "1.048M"]
