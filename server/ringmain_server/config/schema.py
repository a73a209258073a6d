"""Configuration: finds the type that the settings expect at a path in the tree."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Union, get_args, get_origin

from pydantic import BaseModel

from ringmain_server.config.bounds import check_json
from ringmain_server.config.problems import Keys
from ringmain_server.config.providers import ProviderSettings
from ringmain_server.config.settings import Settings
from ringmain_server.config.wires import WIRES

_BOOLS = {"true": True, "yes": True, "on": True, "1": True}
_BOOLS |= {"false": False, "no": False, "off": False, "0": False}


@dataclass(frozen=True, slots=True)
class Shape:
    """The type that the settings expect at a path.

    Attributes:
        bare: The expected type without annotations: `int`, a settings class, `Mapping[str, X]`.
        nullable: Whether null is allowed too.
    """

    bare: object
    nullable: bool = False

    @property
    def model(self) -> type[BaseModel] | None:
        """The settings class if a section is expected, else None."""
        bare = self.bare
        return bare if isinstance(bare, type) and issubclass(bare, BaseModel) else None

    @property
    def sections(self) -> tuple[type[BaseModel], ...]:
        """The settings classes of which one is expected: for a provider, the sections of all wires."""
        if self.model is ProviderSettings:
            return tuple(WIRES.values())
        return (self.model,) if self.model else ()

    @property
    def is_mapping(self) -> bool:
        """Whether a section or a mapping is expected."""
        return self.model is not None or get_origin(self.bare) is Mapping

    @property
    def is_list(self) -> bool:
        """Whether a list is expected."""
        return get_origin(self.bare) is tuple

    def known(self) -> tuple[str, ...]:
        """Returns the allowed keys, empty if any key is allowed."""
        return tuple({name: None for section in self.sections for name in section.model_fields})

    def child(self, key: str | int) -> "Shape | None":
        """Returns the type that is expected one step further down, None if nothing is."""
        if self.model is not None:
            # A setting has the same type in all wires, which a test checks, so the first match is enough.
            fields = (section.model_fields.get(str(key)) for section in self.sections)
            field = next(filter(None, fields), None)
            return shape(field.annotation) if field else None
        if isinstance(key, int):
            return shape(get_args(self.bare)[0]) if self.is_list else None
        return shape(get_args(self.bare)[1]) if self.is_mapping else None


ROOT = Shape(Settings)


def shape(annotation: object) -> Shape:
    """Reads a type annotation."""
    if get_origin(annotation) is Annotated:
        return shape(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        (inner,) = (arg for arg in get_args(annotation) if arg is not NoneType)
        return Shape(shape(inner).bare, nullable=True)
    return Shape(annotation)


def at(keys: Keys) -> Shape | None:
    """Returns the type that the settings expect at `keys`, None if nothing belongs there."""
    found: Shape | None = ROOT
    for key in keys:
        found = found.child(key) if found else None
    return found


def typed(text: str, expected: Shape | None) -> object:
    """Converts text from the environment or a flag to the type that the settings expect.

    Text that cannot be converted is returned as it is, so that the mistake is reported with all others.
    """
    if expected is None:
        return text
    if expected.nullable and text in ("", "null", "~"):
        return None
    if expected.bare is bool:
        return _BOOLS.get(text.lower(), text)
    if expected.bare is int:
        return _attempt(int, text)
    if expected.bare is float:
        return _attempt(float, text)
    if (expected.is_mapping or expected.is_list) and text.lstrip()[:1] in ("[", "{"):
        return _attempt(_json, text)
    return text


def _json(text: str) -> object:
    check_json(text)
    return json.loads(text)


def _attempt(read: Callable[[str], object], text: str) -> object:
    try:
        return read(text)
    except (ValueError, RecursionError):
        return text
