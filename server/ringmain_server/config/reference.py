"""Configuration, outside the rooms: the configuration reference, made from the settings.

`python -m ringmain_server.config.reference` prints it, `--write FILE` writes it, and
`--check FILE` fails when the file says something else.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ringmain_server.config import settings as config
from ringmain_server.config.kinds import KINDS, Kind
from ringmain_server.config.schema import Shape, shape

EXAMPLE = """\
server: {listen: 127.0.0.1:50051, admin_listen: 127.0.0.1:50052, metrics_listen: 127.0.0.1:9464}
providers:
  up: {kind: openai, base_url: http://127.0.0.1:9801/v1, api_key: sk-x}
models:
  bench: {candidates: [up/gpt-4o-mini]}
  demo:  {candidates: [sandbox/chat]}
"""

LARGER_EXAMPLE = """\
server:
  listen: 127.0.0.1:50051
  workers: 2
  stream_grace: 2m
log:
  level: info
  file: {path: /var/log/ringmain.log, max_bytes: 50MiB}
timeouts:
  first_content: 20s
providers:
  openai:
    kind: openai
    api_key: ${OPENAI_API_KEY}
  house:
    kind: vllm
    base_url: http://${VLLM_HOST:-127.0.0.1}:8000/v1
    timeouts: {attempt: 10m}
models:
  smart:
    description: The house model first, OpenAI when it is down.
    candidates:
      - provider: house
        model: Qwen/Qwen3-32B
        capabilities: [chat, tools, json_schema]
        context_tokens: 32768
        price: {input_per_mtok: 0, output_per_mtok: 0}
      - openai/gpt-4o-mini
"""

_INTRODUCTION = f"""\
# Configuration

<!-- Generated from the settings by `make generate`. Change the descriptions there. -->

One file in YAML, JSON or TOML, told apart by its suffix, configures the gateway:

```sh
ringmain serve --config ringmain.yaml
ringmain config check --config ringmain.yaml   # every mistake, with its path and line
ringmain config show --config ringmain.yaml    # the merged result, secrets masked
```

A whole file:

```yaml
{EXAMPLE}```

## Without a file

The gateway starts without any configuration. It then has the provider `sandbox`, which answers
without a network, and one provider for each [kind](#provider-kinds) whose usual environment
variables are set, under the kind's name: with `OPENAI_API_KEY` set, `openai/gpt-4o-mini` is a model
that callers can use.

With a file, the providers are those that the file names, and the sandbox. The environment adds none.

## What wins

Later wins:

1. the defaults below,
2. the file: the one of `--config`, or else the one that `RINGMAIN_CONFIG` names,
3. the environment: `RINGMAIN_` and the path of the setting, in capitals, its steps joined by two
   underscores,
4. flags of `ringmain serve`.

Mappings are merged, lists are replaced. So `RINGMAIN_SERVER__LISTEN=127.0.0.1:9000` changes one
address, and `RINGMAIN_MODELS__DEMO__CANDIDATES='["sandbox/echo"]'` gives the model `demo` another
list. In the environment, lists and mappings are written as JSON, `null` or nothing at all means
null, and `-`, `.` and `/` in the name of a provider or a model become `_`.

`RINGMAIN_CONFIG` (the file) and `RINGMAIN_TARGET` (the service that the command line calls) are no
settings. Neither are the variables that Kubernetes makes for Services, such as
`RINGMAIN_SERVICE_HOST`.

## Values from the environment

In any value of a file, `${{NAME}}` is replaced by the environment variable `NAME`. It is a mistake
when that is not set; `${{NAME:-default}}` has a default for when it is unset or empty. `$$` is a
dollar sign. A value made this way is read as the type that its setting has, so that
`workers: ${{WORKERS}}` is a number.

Keep keys out of files: `api_key: ${{OPENAI_API_KEY}}`. Keys and header values are never logged,
printed or returned.

## Durations, sizes and addresses

* A duration is a number of seconds, or text with a unit: `500ms`, `30s`, `2m`, `1h`.
* A size is a number of bytes, or text with a unit: `512KiB`, `64MiB`, `1GiB`, or `KB`, `MB`, `GB` for
  powers of ten.
* An address is `host:port`, with brackets around IPv6: `127.0.0.1:50051`, `[::1]:50051`. Where gRPC
  listens it may also be a Unix domain socket, `unix:/run/ringmain.sock`. Port 0 takes any free port.

Unknown keys and values of the wrong type are mistakes. The gateway does not start with one, and
names all of them at once.
"""

_SECTIONS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("server", config.ServerSettings),
    ("log", config.LogSettings),
    ("log.file", config.LogFileSettings),
    ("timeouts", config.TimeoutSettings),
    ("providers.NAME", config.ProviderSettings),
    ("models.NAME", config.ModelSettings),
    ("models.NAME.candidates[]", config.CandidateSettings),
    ("models.NAME.candidates[].price", config.PriceSettings),
)

# What people call a type, by the alias that a setting is declared with.
_WORDS: tuple[tuple[object, str], ...] = (
    (config.Wait, "duration"),
    (config.Span, "duration, more than 0"),
    (config.Size, "size"),
    (config.Address, "address"),
    (config.HostPort, "address"),
    (config.BaseUrl, "URL"),
    (config.Secret, "secret text"),
    (config.Dollars, "US dollars"),
    (config.Number, "number"),
    (config.Flag, "true or false"),
    (config.Count, "whole number, at least 1"),
)


def render() -> str:
    """The whole reference as Markdown."""
    blocks = [_INTRODUCTION, "## Settings\n"]
    blocks += [_section(path, section) for path, section in _SECTIONS]
    blocks += [_kinds(), f"## A larger example\n\n```yaml\n{LARGER_EXAMPLE}```\n"]
    return "\n".join(blocks)


def _section(path: str, section: type[BaseModel]) -> str:
    head = _row("Setting", "Type", "Default", "Variable", "Meaning")
    table = "\n".join((head, _row(*["---"] * 5), *(_row(*cells) for cells in _cells(path, section))))
    return f"### {path}\n\n{_text(section)}\n\n{table}\n"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _variable(path: str, name: str) -> str:
    # An element of a list has no variable of its own.
    if "[]" in path:
        return ""
    return f"`RINGMAIN_{path.replace('.', '__').upper()}__{name.upper()}`"


def _text(section: type[BaseModel]) -> str:
    lines = (section.__doc__ or "").strip().splitlines()
    return "\n".join(line.strip() for line in lines)


def _cells(path: str, section: type[BaseModel]) -> Iterator[tuple[str, ...]]:
    hints = get_type_hints(section, include_extras=True)
    for name, info in section.model_fields.items():
        default = _default(info, shape(hints[name]))
        meaning = str(info.description)
        yield f"`{name}`", words(hints[name]), default, _variable(path, name), meaning


def words(annotation: object) -> str:
    """What people call a type."""
    for alias, word in _WORDS:
        if annotation == alias:
            return word
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return words(args[0])
    if origin is Union or type(None) in args:
        return f"{words(args[0])}, or null"
    if origin is Literal:
        return ", ".join(f"`{choice}`" for choice in args)
    if origin is tuple:
        return f"list of {words(args[0])}"
    if origin is Mapping:
        return f"mapping of names to {words(args[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _section_link(annotation)
    return {int: "whole number", str: "text"}[annotation]  # type: ignore[index] # all there are


def _section_link(section: type[BaseModel]) -> str:
    if section is config.TimeoutOverrides:
        return "mapping as in [timeouts](#timeouts)"
    path = next(path for path, known in _SECTIONS if known is section)
    anchor = "".join(char for char in path.lower() if char.isalnum())
    return f"[{path}](#{anchor})"


def _default(info: FieldInfo, expected: Shape) -> str:
    if info.is_required():
        return "required"
    value = info.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, (BaseModel, Mapping)) or value == "":
        return "empty"
    return f"`{_written(value, expected)}`"


def _written(value: object, expected: Shape) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int) and value >= 2**20:
        return f"{value // 2**20}MiB"
    if expected.bare is float and isinstance(value, float):
        return f"{value:g}s"
    return str(value)


def _kinds() -> str:
    built = "\n".join(_kind_row(kind) for kind in KINDS.values() if kind.built)
    planned = ", ".join(f"`{kind.name}` ({kind.title})" for kind in KINDS.values() if not kind.built)
    return f"""\
## Provider kinds

Every kind but the sandbox speaks the OpenAI wire. A server that is not listed here is a provider of
the kind `openai` with a `base_url`.

| Kind | Provider | `base_url` | Usual variables | Extra |
| --- | --- | --- | --- | --- |
{built}

Without a file, the variables in **bold** bring the provider into being. With a file, a provider takes
from its kind's usual variables what the file leaves out, unless the file has its `base_url`: a usual
key goes to the usual endpoint and nowhere else.

`OLLAMA_HOST` is read as Ollama reads it: scheme and port may be absent.

Known, but not built yet: {planned}. A file that names one of these is refused.
"""


def _kind_row(kind: Kind) -> str:
    endpoint = f"`{kind.base_url}`" if kind.base_url else ""
    if "base_url" in kind.required and not endpoint:
        endpoint = "required"
    variables = ", ".join(
        f"**`{variable}`**" if setting in kind.triggers else f"`{variable}`"
        for setting, variable in kind.environment.items()
    )
    extra = f"`ringmain[{kind.extra}]`" if kind.extra else ""
    return f"| `{kind.name}` | {kind.title} | {endpoint} | {variables} | {extra} |"


def main(arguments: list[str] | None = None) -> int:
    """Prints, writes or checks the reference.

    Returns:
        The exit status: 1 when a checked file is stale, else 0.
    """
    parser = argparse.ArgumentParser(description="Make the configuration reference.")
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--write", metavar="FILE", type=Path, help="write it to a file")
    action.add_argument("--check", metavar="FILE", type=Path, help="fail when a file is stale")
    chosen = parser.parse_args(arguments)
    if chosen.write:
        chosen.write.write_text(render(), encoding="utf-8")
    elif chosen.check:
        return _check(chosen.check)
    else:
        sys.stdout.write(render())
    return 0


def _check(path: Path) -> int:
    if path.is_file() and path.read_text(encoding="utf-8") == render():
        return 0
    command = f"python -m ringmain_server.config.reference --write {path}"
    sys.stderr.write(f"{path} does not say what the settings say: run {command}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
