"""Sandbox, pure: whether a value satisfies a schema.

The generator proposes and jsonschema decides, so that a mistake of the generator becomes a refusal and never
an invalid answer. Formats are not checked: they are annotations, and the generator writes them itself.

A hostile schema could keep jsonschema busy for hours. So each keyword that it applies is paid for from the
schema's budget, patterns are matched by RE2, and references are followed within the schema only.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import create

from ringmain_sandbox.schema import Root, Schema, named, subschema

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

_Rule = Callable[[Any, Any, Any, Any], Any]
"""A keyword's rule as jsonschema calls it: with validator, keyword's value, instance and schema."""

_CHARACTERS_PER_STEP = 100
"""The characters of an error's message that take about as long to write as one step."""

_root: ContextVar[Root] = ContextVar("_root")
"""The schema whose budget pays for the present check. jsonschema has no place for it."""


class Judge:
    """A check of values against a schema and its parts.

    Args:
        root: The whole schema.
    """

    def __init__(self, root: Root) -> None:
        self._root = root
        self._validator: Validator = _Validator(schema=True)

    def accepts(self, schema: Schema, value: Any) -> bool:
        """Whether the value satisfies the schema.

        Raises:
            SchemaError: A reference leads nowhere.
            TooInvolvedError: The check takes too much work.
            RecursionError: References form a circle.
        """
        token = _root.set(self._root)
        try:
            return self._validator.evolve(schema=schema).is_valid(value)
        finally:
            _root.reset(token)


def _paid(rule: _Rule, *, steps: int = 1, compares: bool = False) -> _Rule:
    """Returns a keyword's rule that takes steps from the budget for what it does.

    Args:
        rule: The rule.
        steps: The steps that it takes by itself.
        compares: Whether it may compare the keyword's whole value with an instance.
    """

    def apply(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        budget = _root.get().budget
        if compares and isinstance(instance, list | dict):
            budget.spend_for(value)
        budget.spend(steps + (len(value) if isinstance(value, list | dict) else 0))
        errors: Iterable[ValidationError] | None = rule(validator, value, instance, schema)
        for error in errors or ():
            # The message has been written by now, with the whole instance and the whole keyword in it.
            budget.spend(len(error.message) // _CHARACTERS_PER_STEP)
            yield error

    return apply


def _unique_items(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, list):
        # Items that cannot be sorted are each compared with every other one.
        budget = _root.get().budget
        budget.spend(len(instance) * budget.spend_for(instance) // 8)
    yield from Draft202012Validator.VALIDATORS["uniqueItems"](validator, value, instance, schema)


def _reference(validator: Any, value: Any, instance: Any, _: Any) -> Iterator[ValidationError]:
    yield from validator.descend(instance, _root.get().target(value))


def _pattern(_: Any, value: Any, instance: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _root.get().pattern(value).matches(instance):
        yield ValidationError("does not match")


def _properties_by_pattern(validator: Any, value: Any, instance: Any, _: Any) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        for source, schema in value.items():
            for name, member in instance.items():
                if _root.get().pattern(source).matches(name):
                    yield from validator.descend(member, schema)


def _additional_properties(
    validator: Any, value: Any, instance: Any, schema: Any
) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        for name, member in instance.items():
            if not _own_schemas(_root.get(), schema, name):
                yield from validator.descend(member, value)


def property_schemas(root: Root, schema: Mapping[str, object], name: str) -> list[Schema]:
    """Returns the schemas that a property of this name must satisfy."""
    return _own_schemas(root, schema, name) or [subschema(schema, "additionalProperties")]


def _own_schemas(root: Root, schema: Mapping[str, object], name: str) -> list[Schema]:
    """Returns the schemas that a property has by its name, and by the patterns that match it."""
    own, matching = named(schema, "properties"), named(schema, "patternProperties")
    found = [own[name]] if name in own else []
    return found + [matching[source] for source in matching if root.pattern(source).matches(name)]


def _rules() -> dict[str, _Rule]:
    comparing = ("enum", "const", "dependentRequired")
    nested = ("not", "if", "contains")  # for each, jsonschema makes a validator and begins anew
    rules: dict[str, _Rule] = {
        **Draft202012Validator.VALIDATORS,
        "$ref": _reference,
        "pattern": _pattern,
        "patternProperties": _properties_by_pattern,
        "additionalProperties": _additional_properties,
        "uniqueItems": _unique_items,
    }
    return {
        keyword: _paid(rule, steps=3 if keyword in nested else 1, compares=keyword in comparing)
        for keyword, rule in rules.items()
    }


# Without a dialect and identifiers, jsonschema keeps to these rules whatever a schema says about itself.
_Validator = create(meta_schema={}, validators=_rules(), id_of=lambda _: "")
