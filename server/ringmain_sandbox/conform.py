"""Room 4, the sandbox, pure: whether a value satisfies a schema.

The generator proposes, this decides, so that a mistake there becomes a refusal and never an invalid answer.
Formats are not judged: they are annotations, and only the generator's own texts come here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction

from ringmain_sandbox.budget import TooInvolvedError
from ringmain_sandbox.schema import (
    Root,
    Schema,
    named,
    names,
    number,
    subschema,
    subschemas,
    types,
    whole,
)

_DEPTH_LIMIT = 60


class Conformance:
    """Judges values against the schemas of one root.

    Args:
        root: Where references point.
    """

    def __init__(self, root: Root) -> None:
        self._root = root
        self._depth = 0

    def check(self, schema: Schema, value: object) -> bool:
        """Whether the value satisfies the schema.

        Raises:
            TooInvolvedError: References go round in circles, or it takes too many steps to say.
        """
        if isinstance(schema, bool):
            return schema
        self._root.budget.spend()
        self._depth += 1
        try:
            if self._depth > _DEPTH_LIMIT:
                raise TooInvolvedError
            return all(rule(self, schema, value) for rule in _RULES)
        finally:
            self._depth -= 1

    def every(self, schema: Schema, values: Iterable[object]) -> bool:
        """Whether each of the values satisfies the schema."""
        return all(self.check(schema, value) for value in values)

    def count(self, schemas: Sequence[Schema], value: object) -> int:
        """How many of the schemas the value satisfies."""
        return sum(self.check(schema, value) for schema in schemas)

    def target(self, reference: str) -> Schema:
        """What a `$ref` points to."""
        return self._root.target(reference)

    def found(self, pattern: str, text: str) -> bool:
        """Whether the expression is found in the text."""
        return self._root.pattern(pattern).matches(text)


def same(one: object, other: object) -> bool:
    """Equality of JSON: true is not 1, and 1.0 is."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return one == other


def is_number(value: object) -> bool:
    """Whether a value is a number of JSON."""
    return isinstance(value, int | float) and not isinstance(value, bool)


_IS: Mapping[str, Callable[[object], bool]] = {
    "string": lambda value: isinstance(value, str),
    "object": lambda value: isinstance(value, Mapping),
    "array": lambda value: isinstance(value, list),
    "integer": lambda value: is_number(value) and value == int(value),  # type: ignore[call-overload]
    "number": is_number,
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}

_Rule = Callable[[Conformance, Mapping[str, object], object], bool]


def _type(_: Conformance, schema: Mapping[str, object], value: object) -> bool:
    return "type" not in schema or any(_IS[name](value) for name in types(schema))


def _fixed(_: Conformance, schema: Mapping[str, object], value: object) -> bool:
    if "const" in schema and not same(schema["const"], value):
        return False
    listed = schema.get("enum")
    return not isinstance(listed, list) or any(same(item, value) for item in listed)


def _number(_: Conformance, schema: Mapping[str, object], value: object) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return True
    low, high = number(schema, "minimum"), number(schema, "maximum")
    above, below = number(schema, "exclusiveMinimum"), number(schema, "exclusiveMaximum")
    return (
        (low is None or value >= low)
        and (high is None or value <= high)
        and (above is None or value > above)
        and (below is None or value < below)
        and is_multiple(value, number(schema, "multipleOf"))
    )


def is_multiple(value: float, step: float | None) -> bool:
    """Whether `value` is a multiple, both in decimals and in binary, of which validators use either."""
    if step is None:
        return True
    if Fraction(str(value)) % Fraction(str(step)):
        return False
    return (isinstance(value, int) and isinstance(step, int)) or float(value / step).is_integer()


def _string(judge: Conformance, schema: Mapping[str, object], value: object) -> bool:
    if not isinstance(value, str):
        return True
    if not whole(schema, "minLength") <= len(value) <= whole(schema, "maxLength", len(value)):
        return False
    pattern = schema.get("pattern")
    return not isinstance(pattern, str) or judge.found(pattern, value)


def _array(judge: Conformance, schema: Mapping[str, object], value: object) -> bool:
    if not isinstance(value, list):
        return True
    if not whole(schema, "minItems") <= len(value) <= whole(schema, "maxItems", len(value)):
        return False
    first = subschemas(schema, "prefixItems")
    return (
        all(map(judge.check, first, value))
        and judge.every(subschema(schema, "items"), value[len(first) :])
        and ("contains" not in schema or _contains(judge, subschema(schema, "contains"), value))
        and (schema.get("uniqueItems") is not True or _distinct(value))
    )


def _contains(judge: Conformance, schema: Schema, value: list[object]) -> bool:
    return any(judge.check(schema, item) for item in value)


def _distinct(values: list[object]) -> bool:
    return not any(same(one, other) for index, one in enumerate(values) for other in values[:index])


def _object(judge: Conformance, schema: Mapping[str, object], value: object) -> bool:
    if not isinstance(value, Mapping):
        return True
    low, high = whole(schema, "minProperties"), whole(schema, "maxProperties", len(value))
    dependent = schema.get("dependentRequired")
    groups = dependent.items() if isinstance(dependent, Mapping) else ()
    return (
        low <= len(value) <= high
        and all(name in value for name in names(schema))
        and all(set(group) <= value.keys() for name, group in groups if name in value)
        and judge.every(subschema(schema, "propertyNames"), value)
        and all(_property(judge, schema, name, member) for name, member in value.items())
    )


def property_schemas(judge: Conformance, schema: Mapping[str, object], name: str) -> list[Schema]:
    """The schemas that a property of this name must satisfy."""
    own = named(schema, "properties")
    found = [own[name]] if name in own else []
    matching = named(schema, "patternProperties")
    found += [matching[pattern] for pattern in matching if judge.found(pattern, name)]
    return found or [subschema(schema, "additionalProperties")]


def _property(judge: Conformance, schema: Mapping[str, object], name: str, value: object) -> bool:
    return all(judge.check(part, value) for part in property_schemas(judge, schema, name))


def _combined(judge: Conformance, schema: Mapping[str, object], value: object) -> bool:
    reference = schema.get("$ref")
    if isinstance(reference, str) and not judge.check(judge.target(reference), value):
        return False
    every, some = subschemas(schema, "allOf"), subschemas(schema, "anyOf")
    one = subschemas(schema, "oneOf")
    return (
        all(judge.check(part, value) for part in every)
        and (not some or any(judge.check(part, value) for part in some))
        and (not one or judge.count(one, value) == 1)
        and ("not" not in schema or not judge.check(subschema(schema, "not"), value))
    )


def _conditional(judge: Conformance, schema: Mapping[str, object], value: object) -> bool:
    if "if" not in schema:
        return True
    branch = "then" if judge.check(subschema(schema, "if"), value) else "else"
    return judge.check(subschema(schema, branch), value)


_RULES: tuple[_Rule, ...] = (
    _type,
    _fixed,
    _number,
    _string,
    _array,
    _object,
    _combined,
    _conditional,
)
