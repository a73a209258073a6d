"""Whatever schema comes, the instance is valid or the schema is refused."""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from ringmain_sandbox.instance import instance
from ringmain_sandbox.merge import same
from ringmain_sandbox.schema import SchemaError

Schema = dict[str, Any] | bool


def valid(schema: Any, value: object) -> bool:
    """Whether an independent validator takes the value."""
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return bool(validator.is_valid(value))


def _bounds(low: str, high: str, most: int) -> st.SearchStrategy[dict[str, Any]]:
    pair = st.tuples(st.integers(0, most), st.integers(0, most)).map(sorted)
    return pair.map(lambda found: {low: found[0], high: found[1]})


FORMATS = (
    *("date-time", "date", "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4"),
    *("ipv6", "uri", "iri", "uri-reference", "iri-reference", "uri-template", "uuid", "regex"),
    *("json-pointer", "relative-json-pointer"),
)
_PATTERNS = (r"^[A-Z]{2,3}-\d+$", r"a|b+", r"^\w+@\w+\.(com|org)$")
_STRINGS = st.one_of(
    _bounds("minLength", "maxLength", 60).map(lambda more: {"type": "string", **more}),
    st.sampled_from(FORMATS).map(lambda name: {"type": "string", "format": name}),
    st.sampled_from(_PATTERNS).map(lambda source: {"type": "string", "pattern": source}),
)
_NUMBERS = st.one_of(
    st.tuples(st.integers(-50, 50), st.integers(1, 40)).map(
        lambda found: {"type": "integer", "minimum": found[0], "exclusiveMaximum": sum(found)}
    ),
    st.sampled_from([7, 0.25]).map(lambda step: {"type": "integer", "multipleOf": step}),
    st.sampled_from([{"exclusiveMinimum": 3.5, "type": "integer"}, {"maximum": -9, "type": "integer"}]),
    st.floats(-1e6, 1e6).map(lambda low: {"type": "number", "exclusiveMinimum": low, "maximum": low + 1}),
)
_LEAVES = st.one_of(
    _STRINGS,
    _NUMBERS,
    st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"type": ["string", "null"]}, {}, True]),
    st.lists(st.sampled_from([1, "a", None, True, [1]]), min_size=1).map(lambda found: {"enum": found}),
    st.sampled_from([{"const": 5}, {"const": {"a": [1]}}, {"const": "x"}]),
)
_NAMES = st.sampled_from(["a", "b", "c", "name", "value"])


def _objects(children: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    closed: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
        [{}, {"additionalProperties": {"type": "integer"}}, {"minProperties": 4}]
    )
    return st.builds(
        lambda found, names, more: {"type": "object", "properties": found, "required": names, **more},
        st.dictionaries(_NAMES, children, max_size=4),
        st.lists(_NAMES, unique=True),
        closed,
    )


def _arrays(children: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    bounds = _bounds("minItems", "maxItems", 4)
    return st.tuples(children, bounds).map(lambda found: {"type": "array", "items": found[0], **found[1]})


def _combined(children: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    several = st.lists(children, min_size=1, max_size=3)
    return st.one_of(
        several.map(lambda found: {"anyOf": found}), children.map(lambda one: {"allOf": [one, {}]})
    )


SATISFIABLE = st.recursive(
    _LEAVES, lambda inner: st.one_of(_objects(inner), _arrays(inner), _combined(inner)), max_leaves=8
)
WILD = st.dictionaries(
    st.sampled_from(
        [
            *("type", "enum", "const", "minimum", "maximum", "multipleOf", "minLength", "maxLength"),
            *("items", "prefixItems", "contains", "uniqueItems", "minItems", "maxItems", "properties"),
            *("additionalProperties", "minProperties", "anyOf", "oneOf", "allOf", "not", "if", "then"),
            *("required", "format", "pattern", "$ref"),
        ]
    ),
    st.one_of(
        st.integers(-3, 6),
        st.booleans(),
        st.none(),
        st.sampled_from(["string", "object", "array", "integer", "number", "#", "a+"]),
        st.lists(st.one_of(SATISFIABLE, st.sampled_from(["a", "b", "string", 1])), max_size=3),
        SATISFIABLE,
        st.dictionaries(_NAMES, SATISFIABLE, max_size=2),
    ),
    max_size=5,
)


@settings(max_examples=150)
@given(SATISFIABLE, st.integers(0, 5))
def test_schemas_that_can_be_satisfied_are(schema: Schema, seed: int) -> None:
    """A satisfiable schema of the usual keywords gets an instance that an independent validator takes."""
    assert valid(schema, instance(schema, Random(seed)))


@settings(max_examples=150)
@given(WILD)
def test_wild_schemas_get_a_valid_instance_or_a_refusal(schema: Schema) -> None:
    """A senseless schema is refused as one, and never answered wrongly."""
    try:
        found = instance(schema, Random(1))
    except SchemaError:
        return
    assert valid(schema, found)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_met(name: str) -> None:
    """A text of a format is of that format, as far as an independent validator can tell."""
    schema = {"type": "string", "format": name}
    assert valid(schema, instance(schema, Random(name)))


TREE = {
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "value": {"type": "integer"},
                "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
                "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
            },
            "required": ["value", "children", "next"],
            "additionalProperties": False,
        }
    },
    "$ref": "#/$defs/node",
}
HARD: dict[str, Schema] = {
    "recursion": TREE,
    "escaped pointer": {"$defs": {"a/b~c": {"const": 3}}, "$ref": "#/$defs/a~1b~0c"},
    "pointer into a list": {"anyOf": [{"type": "integer"}], "allOf": [{"$ref": "#/anyOf/0"}]},
    "one of several": {"oneOf": [{"type": "number"}, {"type": "integer"}, {"type": "string"}]},
    "discriminated": {
        "oneOf": [
            {"type": "object", "properties": {"kind": {"const": kind}}, "required": ["kind"]}
            for kind in ("cat", "dog")
        ]
    },
    "all together": {
        "allOf": [
            {"type": "object", "properties": {"n": {"type": "number", "minimum": 3}}, "required": ["n"]},
            {"properties": {"n": {"type": "integer", "maximum": 4, "multipleOf": 2}}, "minProperties": 2},
            {"required": ["m"], "maxProperties": 5, "uniqueItems": True},
        ]
    },
    "two closed parts": {
        "allOf": [
            {"properties": {"a": {}}, "additionalProperties": {"type": "string"}},
            {"properties": {"b": {}}, "required": ["a"], "additionalProperties": {"type": "string"}},
        ],
        "type": "object",
    },
    "merged numbers": {
        "allOf": [
            {"type": "number", "multipleOf": 0.5, "exclusiveMinimum": 1},
            {"type": ["integer", "null"], "multipleOf": 3, "exclusiveMaximum": 10},
            {"enum": [3, 6, 7]},
            {"enum": [6, 8, 6]},
        ]
    },
    "merged sizes": {
        "type": "string",
        "allOf": [{"minLength": 3, "maxLength": 9}, {"minLength": 5, "maxLength": 7, "format": "x"}],
    },
    "the same pattern twice": {
        "type": "string",
        "allOf": [{"pattern": "^[a-f]{4}$", "title": "a"}, {"pattern": "^[a-f]{4}$", "title": "b"}],
    },
    "merged constants": {"allOf": [{"const": 1}, {"const": 1.0}]},
    "unlike branches are skipped": {"type": "string", "anyOf": [{"type": "integer"}, {"maxLength": 4}]},
    "not": {"type": "integer", "minimum": 1, "maximum": 3, "not": {"enum": [1, 2]}},
    "if and then": {
        "type": "object",
        "properties": {"kind": {"enum": ["a", "b"]}},
        "required": ["kind"],
        "if": {"properties": {"kind": {"const": "a"}}},
        "then": {"required": ["of_a"]},
        "else": {"required": ["of_b"]},
    },
    "unique items": {"type": "array", "uniqueItems": True, "minItems": 3, "items": {"enum": [1, 2, 3]}},
    "unique words": {"type": "array", "uniqueItems": True, "minItems": 20, "items": {"type": "string"}},
    "contains": {"type": "array", "items": {"type": "integer"}, "contains": {"minimum": 500}, "minItems": 2},
    "prefix": {
        "type": "array",
        "prefixItems": [{"type": "string"}, {"type": "boolean"}],
        "items": False,
        "minItems": 2,
    },
    "short array": {"type": "array", "items": False},
    "map": {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 3},
    "map with named keys": {
        "type": "object",
        "propertyNames": {"pattern": "^k[0-9]{3}$"},
        "minProperties": 2,
    },
    "map with matching keys": {
        "type": "object",
        "patternProperties": {"^n_[a-z]{6}$": {"type": "number"}},
        "additionalProperties": False,
        "minProperties": 2,
    },
    "dependent": {
        "type": "object",
        "properties": {"card": {"type": "integer"}},
        "dependentRequired": {"card": ["address", "name"]},
    },
    "optional left out where it cannot be": {
        "type": "object",
        "properties": {"never": False, "size": {"type": "integer"}},
        "maxProperties": 1,
    },
    "few of many": {
        "type": "object",
        "properties": {name: {"type": "integer"} for name in "abcdef"},
        "required": ["f"],
        "maxProperties": 2,
    },
    "no type": {"minimum": 4, "maximum": 5},
    "no type, array": {"items": {"type": "null"}, "minItems": 1},
    "large bounds": {"type": "number", "exclusiveMinimum": 1e308},
    "beyond doubles": {"type": "integer", "minimum": 2**53, "maximum": 2**53 + 2},
    "decimal step": {"type": "number", "multipleOf": 0.1, "minimum": 0.25, "maximum": 0.45},
    "whole step": {"type": "number", "multipleOf": 10, "exclusiveMinimum": 1000},
    "brief branch": {
        "$defs": {
            "list": {
                "type": "array",
                "minItems": 1,
                "items": {"anyOf": [{"$ref": "#/$defs/list"}, {"type": "array", "items": {}}, False]},
            }
        },
        "$ref": "#/$defs/list",
    },
    "long text": {"type": "string", "minLength": 500, "maxLength": 501},
    "no text": {"type": "string", "maxLength": 0},
    "long by pattern": {"type": "string", "pattern": "^a+$", "minLength": 20},
    "fractional counts": {"type": "array", "minItems": 1.0, "items": {"type": "string", "maxLength": 3.0}},
    "nested deeper than brevity": {
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/leaf"}},
        },
        "$defs": {"leaf": {"type": "object", "properties": {"deep": TREE["$defs"]["node"]}}},  # type: ignore[index]
    },
}
HARD["as many as there must be, briefly"] = {
    "type": "object",
    "properties": {"a": {"type": "integer"}, "b": {"type": "string"}, "c": {}},
    "required": ["a"],
    "minProperties": 2,
}
for _ in range(6):
    HARD["as many as there must be, briefly"] = {
        "type": "array",
        "minItems": 1,
        "items": HARD["as many as there must be, briefly"],
    }
HARD["nested deeper than brevity"]["$defs"]["node"] = TREE["$defs"]["node"]  # type: ignore[index]


@pytest.mark.parametrize("name", HARD)
def test_hard_schemas_are_satisfied(name: str) -> None:
    """Each of these needs more than one keyword at a time."""
    for seed in range(4):
        assert valid(HARD[name], instance(HARD[name], Random(seed)))


REFUSED: list[tuple[Any, str]] = [
    (False, r"satisfies \$"),
    ({"type": "object", "properties": {"a": {"enum": [1], "type": "string"}}, "required": ["a"]}, r"\$\.a"),
    ({"type": "array", "items": False, "minItems": 1}, r"\$\[0\]"),
    ({"type": "array", "minItems": 5000}, r"satisfies \$"),
    ({"type": "object", "minProperties": 5000}, r"satisfies \$"),
    ({"type": "string", "minLength": 10**7}, r"satisfies \$"),
    ({"type": "string", "pattern": "^[]$"}, "does not read"),
    ({"type": "string", "pattern": "^a{3}$", "maxLength": 2}, r"satisfies \$"),
    ({"const": 5, "type": "string"}, r"satisfies \$"),
    ({"type": "number", "multipleOf": 2, "minimum": 1, "maximum": 1.5}, r"satisfies \$"),
    ({"type": "integer", "minimum": 3, "maximum": 2}, r"satisfies \$"),
    ({"allOf": [{"const": 1}, {"const": 2}]}, r"satisfies \$"),
    ({"allOf": [{"enum": [1]}, {"enum": [2]}]}, r"satisfies \$"),
    ({"allOf": [{"type": "string"}, {"type": "integer"}]}, r"satisfies \$"),
    ({"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#"}}}, "satisfies"),
    ({"$ref": "#"}, "satisfies|involved"),
    ({"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}, "satisfies|involved"),
    ({"not": {"$ref": "#"}}, "involved"),
    ({"type": "string", "pattern": "^(a{900}){900}$"}, "does not read"),
    ({"type": "string", "pattern": "(?=a)"}, "does not read"),
    ({"$ref": "https://example.com/schema"}, "not a pointer"),
    ({"$ref": "#anchor"}, "not a pointer"),
    ({"$ref": "#/$defs/none"}, "not there"),
    ({"unevaluatedProperties": False}, "beyond the sandbox"),
    ({"type": "strin"}, "must be one of string"),
    (
        {"type": "object", "properties": {"a": {"minimum": "3"}}},
        r"\$\.properties\.a\.minimum must be a number",
    ),
    ({"multipleOf": 0}, "must be a number"),
    ({"minLength": -1}, "must be a count"),
    ({"anyOf": []}, "must be a list of schemas"),
    ({"allOf": [3]}, r"\$\.allOf\[0\] must be an object or a boolean"),
    ({"properties": []}, "must be an object of schemas"),
    ({"pattern": 3}, "must be a string"),
    ({"required": "a"}, "must be a list of names"),
    ({"dependentRequired": {"a": "b"}}, "must be an object of lists"),
    ({"enum": []}, "must be a list of values"),
    ("schema", "must be an object or a boolean"),
]


@pytest.mark.parametrize(("schema", "message"), REFUSED)
def test_what_cannot_be_is_refused_by_name(schema: Any, message: str) -> None:
    """A schema that is malformed, beyond the sandbox or contradictory is refused, saying where."""
    with pytest.raises(SchemaError, match=message):
        instance(schema, Random(0))


def _doubled(levels: int, schema: Any, last: Any) -> dict[str, Any]:
    """Schemas of which each uses the next one twice, as `schema` does."""
    text = json.dumps(schema)
    found = {
        f"n{level}": json.loads(text.replace("NEXT", f"#/$defs/n{level + 1}")) for level in range(levels)
    }
    return {"$defs": {**found, f"n{levels}": last}, "$ref": "#/$defs/n0"}


_NEXT = {"$ref": "NEXT"}
_LONG = {"type": "string", "minLength": 100_000}
_WORK: dict[str, Any] = {
    "doubled references": _doubled(20, {"anyOf": [_NEXT, _NEXT]}, last=False),
    "doubled properties": _doubled(
        20,
        {"type": "object", "required": ["a", "b"], "additionalProperties": _NEXT},
        last={"type": "integer"},
    ),
    "doubled denials": {
        "type": "integer",
        "not": _doubled(30, {"not": {"allOf": [_NEXT, _NEXT]}}, last=True),
        "$defs": _doubled(30, {"not": {"allOf": [_NEXT, _NEXT]}}, last=True)["$defs"],
    },
    "long lists of values": {"enum": [[1]] * 3000, "not": {"enum": [[2]] * 3000}},
    "one large value": {"const": [[1] * 1000] * 1000},
    "unlike objects": {"uniqueItems": True, "enum": [[{"a": index} for index in range(1000)]]},
    "many names": {"type": "object", "required": [f"a{index}" for index in range(100_000)]},
    "many properties": {"properties": {f"a{index}": True for index in range(20_000)}},
    "long texts": {"type": "array", "minItems": 1000, "items": _LONG},
    "long messages": {**_LONG, "not": {"anyOf": [{"type": "integer"}] * 2000}},
    "many values": {"type": "array", "minItems": 1000, "items": {"type": "array", "minItems": 1000}},
    "a slow pattern": {"type": "string", "pattern": "^[ab]*a[ab]{900}c?$", "minLength": 950},
    "nested repetitions": {
        "type": "string",
        "pattern": "^" + "(" * 40 + "a*" + ")*" * 40 + "b$",
        "minLength": 90,
    },
    "a wide range": {"type": "string", "pattern": r"^[\u0000-\uffff]{1000}$"},
    "many patterns": {
        "type": "object",
        "patternProperties": {f"^{'a?' * index}$": True for index in range(200)},
        "minProperties": 900,
    },
}


@pytest.mark.parametrize("name", _WORK)
def test_work_is_bounded(name: str) -> None:
    """A schema that would keep the sandbox busy is refused once its budget is spent."""
    with pytest.raises(SchemaError, match="involved"):
        instance(_WORK[name], Random(0))


def test_a_schema_says_nothing_about_how_it_is_checked() -> None:
    """Neither a dialect nor an identifier nor a reference elsewhere takes a check out of its bounds."""
    dialect = {"$schema": "http://json-schema.org/draft-07/schema#", "$id": "https://example.com/a"}
    schema = {**dialect, "type": "string", "allOf": [{**dialect, "pattern": "(?=a)"}]}
    with pytest.raises(SchemaError, match="does not read"):
        instance(schema, Random(0))
    with pytest.raises(SchemaError, match="not a pointer"):
        instance({"not": {"$ref": "https://example.com/schema"}}, Random(0))
    part = {**dialect, "type": "object", "properties": {"$schema": {"const": 3}}, "required": ["$schema"]}
    assert instance({"items": part, "minItems": 1, **dialect}, Random(0))[0]["$schema"] == 3  # type: ignore[index]


def test_deep_nesting_is_refused() -> None:
    """A schema nested without end does not exhaust the stack."""
    schema: Schema = {}
    for _ in range(300):
        schema = {"items": schema}
    with pytest.raises(SchemaError, match="too deeply"):
        instance(schema, Random(0))
    with pytest.raises(SchemaError, match="involved"):
        instance({"allOf": [{"minimum": 1}] * 5000}, Random(0))


def test_same_seed_same_instance() -> None:
    """An instance depends on schema and seed alone."""
    assert instance(TREE, Random("x")) == instance(TREE, Random("x"))
    words = {"type": "array", "items": {"type": "string"}, "minItems": 5}
    assert instance(words, Random("x")) != instance(words, Random("y"))


def test_equality_is_that_of_json() -> None:
    """True is not 1, 1.0 is, and containers compare by their members."""
    assert same(1, 1.0)
    assert not same(True, 1)
    assert same([{"a": 1}], [{"a": 1.0}])
    assert not same([1], [1, 2])
    assert not same({"a": 1}, {"b": 1})
    assert not same({"a": True}, {"a": 1})
