"""Sandbox, pure: writes a valid instance of a JSON Schema.

References and combinations are resolved to plain forms, one after the other, and the keywords of a form give
proposals. A proposal counts only if it satisfies the schema as it was written. Optional properties are left
out below a few levels, so that a schema that refers to itself comes to an end.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from random import Random

from ringmain_sandbox.budget import StepBudget, TooInvolvedError
from ringmain_sandbox.judge import Judge, property_schemas
from ringmain_sandbox.merge import ContradictionError, Plain, merge
from ringmain_sandbox.scalars import integers, numbers, strings
from ringmain_sandbox.schema import (
    Root,
    Schema,
    SchemaError,
    named,
    names,
    subschema,
    subschemas,
    types,
    whole,
)

_BRIEF_DEPTH = 4
_DEEPEST = 24
_FORMS = 64
_ITEMS = 1_000
_COMBINING = frozenset({"$ref", "allOf", "anyOf", "oneOf", "if", "then", "else"})
_HINTS: Mapping[str, frozenset[str]] = {
    "object": frozenset(
        {"properties", "required", "additionalProperties", "minProperties", "patternProperties"}
        | {"maxProperties", "propertyNames", "dependentRequired"}
    ),
    "array": frozenset({"items", "prefixItems", "minItems", "maxItems", "contains"}),
    "number": frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}),
}


class UnsatisfiedError(SchemaError):
    """Raised when no instance is found."""

    def __init__(self, path: str) -> None:
        super().__init__(f"the sandbox finds nothing that satisfies {path}")


def instance(schema: object, rng: Random) -> object:
    """Returns a value that satisfies the schema.

    Args:
        schema: A JSON Schema, as JSON.
        rng: Chooses among valid values.

    Raises:
        SchemaError: The schema is malformed or beyond the sandbox, or no value that satisfies it was found.
    """
    try:
        root = Root(schema, StepBudget())
        return _Writer(root, rng).value(root.schema, "$", 0)
    except (TooInvolvedError, RecursionError, ArithmeticError) as exc:
        # A circle of references exhausts the stack; arithmetic fails for numbers too large for a float.
        raise SchemaError("it is too involved for the sandbox") from exc


class _Writer:
    """A writer of one instance."""

    def __init__(self, root: Root, rng: Random) -> None:
        self._root = root
        self._rng = rng
        self._judge = Judge(root)
        self._culprit = ""

    def value(self, schema: Schema, path: str, depth: int) -> object:
        self._root.budget.spend()
        if depth > _DEEPEST:
            raise self._unsatisfied(path)
        for form in islice(self._forms(schema, depth, 0), _FORMS):
            # A form is only a guess: merging may lose a keyword, and a value may match two of `oneOf`.
            for proposal in self._proposals(form, path, depth):
                if self._judge.accepts(schema, proposal):
                    return proposal
        raise self._unsatisfied(path)

    def _unsatisfied(self, path: str) -> UnsatisfiedError:
        """Returns an error that names the innermost place, which fails before those around it."""
        if not self._culprit.startswith(path):
            self._culprit = path
        return UnsatisfiedError(self._culprit)

    def _forms(self, schema: Schema, depth: int, hops: int) -> Iterator[Plain]:
        """Yields schemas without references and combinations, each of which implies this one."""
        self._root.budget.spend()
        if isinstance(schema, bool):
            yield from ({},) if schema else ()
        elif hops <= _DEEPEST:
            base = {key: value for key, value in schema.items() if key not in _COMBINING}
            yield from self._joined(base, self._alternatives(schema, depth), depth, hops)

    def _joined(
        self, base: Plain, rest: Sequence[Sequence[Schema]], depth: int, hops: int
    ) -> Iterator[Plain]:
        self._root.budget.spend(1 + len(rest))
        if not rest:
            yield base
            return
        # The number of forms is the product of all choices, so they are made only when they are tried.
        for branch in rest[0]:
            for form in self._forms(branch, depth, hops + 1):
                try:
                    merged = merge(base, form)
                except ContradictionError:
                    continue
                yield from self._joined(merged, rest[1:], depth, hops)

    def _alternatives(self, schema: Plain, depth: int) -> list[Sequence[Schema]]:
        """Returns what must hold beside the plain keywords: one schema of each sequence."""
        found: list[Sequence[Schema]] = [(part,) for part in subschemas(schema, "allOf")]
        reference = schema.get("$ref")
        if isinstance(reference, str):
            found.append((self._root.target(reference),))
        several = [subschemas(schema, keyword) for keyword in ("anyOf", "oneOf") if keyword in schema]
        found += [self._ordered(branches, depth) for branches in several]
        if "if" in schema:
            then = {"allOf": [schema["if"], subschema(schema, "then")]}
            found.append((then, subschema(schema, "else")))
        return found

    def _ordered(self, branches: list[Schema], depth: int) -> list[Schema]:
        if depth >= _BRIEF_DEPTH:  # what ends the recursion first
            return sorted(branches, key=_weight)
        start = self._rng.randrange(len(branches))
        return branches[start:] + branches[:start]

    def _proposals(self, form: Plain, path: str, depth: int) -> Iterator[object]:
        if "const" in form:
            yield form["const"]
            return
        listed = form.get("enum")
        if isinstance(listed, list):
            start = self._rng.randrange(len(listed))
            yield from listed[start:] + listed[:start]
            return
        for kind in sorted(types(form), key=lambda name: _distance(name, form)):
            yield from self._of_type(kind, form, path, depth)

    def _of_type(self, kind: str, form: Plain, path: str, depth: int) -> Iterator[object]:
        self._root.budget.spend(4 if kind in ("integer", "number") else 1)
        match kind:
            case "object":
                yield from self._briefer(self._object, form, path, depth)
            case "array":
                yield from self._briefer(self._array, form, path, depth)
            case "string":
                yield from strings(form, self._root, self._rng)
            case "integer":
                yield from integers(form, self._rng)
            case "number":
                yield from numbers(form, self._rng)
            case "boolean":
                first = self._rng.random() < 0.5
                yield from (first, not first)
            case _:
                yield None

    def _briefer(self, write: "_Write", form: Plain, path: str, depth: int) -> Iterator[object]:
        """Yields a value with all optional parts, then one without them."""
        for brief in (True,) if depth >= _BRIEF_DEPTH else (False, True):
            try:
                found = write(form, path, depth, brief)
            except UnsatisfiedError:
                continue
            yield found

    def _array(self, form: Plain, path: str, depth: int, brief: bool) -> object:
        least, most = whole(form, "minItems"), whole(form, "maxItems", _ITEMS)
        if "contains" in form:
            least = max(least, 1)
        if least > _ITEMS:
            raise UnsatisfiedError(path)
        found: list[object] = []
        for index in range(least if brief else min(max(least, 2), most)):
            try:
                item = self._item(form, found, last=index == least - 1)
                found.append(self.value(item, f"{path}[{index}]", depth + 1))
            except UnsatisfiedError:
                if index < least:
                    raise
                break
        return found

    def _item(self, form: Plain, before: list[object], *, last: bool) -> Schema:
        """Returns the schema of the next item; the last one that is needed satisfies `contains` too."""
        first = subschemas(form, "prefixItems")
        own = first[len(before)] if len(before) < len(first) else subschema(form, "items")
        also: list[Schema] = [subschema(form, "contains")] if last and "contains" in form else []
        if form.get("uniqueItems") is True and before:
            also.append({"not": {"enum": list(before)}})
        return {"allOf": [own, *also]} if also else own

    def _object(self, form: Plain, path: str, depth: int, brief: bool) -> object:
        needed = self._needed(form)
        room = whole(form, "maxProperties", _ITEMS) - len(needed)
        found: dict[str, object] = {}
        for name in [*named(form, "properties"), *needed]:
            if name in found or (name not in needed and (brief or room <= 0)):
                continue
            try:
                found[name] = self._property(form, name, path, depth)
            except UnsatisfiedError:
                if name in needed:
                    raise
            room -= name in found and name not in needed
        self._fill(form, found, path, depth, brief)
        return found

    def _needed(self, form: Plain) -> list[str]:
        """Returns the required names, and those that another property requires."""
        needed = names(form)
        groups = form.get("dependentRequired")
        if isinstance(groups, Mapping):
            for name in (*needed, *named(form, "properties")):
                needed += [other for other in groups.get(name, ()) if other not in needed]
        return needed

    def _property(self, form: Plain, name: str, path: str, depth: int) -> object:
        parts = property_schemas(self._root, form, name)
        schema: Schema = parts[0] if len(parts) == 1 else {"allOf": parts}
        return self.value(schema, f"{path}.{name}", depth + 1)

    def _fill(self, form: Plain, found: dict[str, object], path: str, depth: int, brief: bool) -> None:
        """Adds properties of any name: as many as there must be, or one as an example of a map's values."""
        least = whole(form, "minProperties")
        if least > _ITEMS:
            raise UnsatisfiedError(path)
        example = not (brief or found) and isinstance(form.get("additionalProperties"), Mapping)
        for index in range(4 * max(least, example)):
            if len(found) >= max(least, example):
                break
            name = self._name(form, index, path, depth)
            if name not in found:
                found[name] = self._property(form, name, path, depth)

    def _name(self, form: Plain, index: int, path: str, depth: int) -> str:
        unused = list(named(form, "properties"))[index : index + 1]
        if unused:
            return unused[0]
        if "propertyNames" in form:
            names_schema: Schema = {"allOf": [{"type": "string"}, subschema(form, "propertyNames")]}
            return str(self.value(names_schema, f"{path}.propertyNames", depth + 1))
        patterns = list(named(form, "patternProperties"))
        if patterns and form.get("additionalProperties") is False:
            schema: Schema = {"type": "string", "pattern": patterns[index % len(patterns)]}
            return str(self.value(schema, path, depth + 1))
        return f"extra_{index + 1}"


_Write = Callable[[Plain, str, int, bool], object]


def _weight(schema: Schema) -> int:
    """Returns how deep a branch may lead: 0 for a plain one, 1 for an object or array, 2 for a reference."""
    if isinstance(schema, bool):
        return 0
    return 2 if "$ref" in schema else int("properties" in schema or "items" in schema)


def _distance(name: str, form: Plain) -> int:
    """Returns the rank in which a type is tried: those of the keywords, then text, the rest, and null."""
    hinted = _HINTS.get("number" if name == "integer" else name, frozenset())
    if hinted & form.keys():
        return 0 if name != "integer" else 1
    return {"string": 2, "null": 9}.get(name, 3)
