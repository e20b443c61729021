"""Tables as written, checked against the schema: each fault is noted in a user's words, and the rest is used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from monitor.config.kinds import found, guess
from monitor.config.report import Report
from monitor.config.schema import Named, Table, Whole
from monitor.config.source import Place

T = TypeVar("T", bound=Table)
N = TypeVar("N", bound=Named)

_LONGEST_NAME = 64
_FORMS: dict[type, str] = {str: "text", list: "a list of texts", dict: "a table"}

#: What pydantic expected, by its type of error.
_EXPECTED = {
    "bool_type": ("true or false", "write it without quotes"),
    "dict_type": ("a table", "write [{key}], and its keys on the lines below"),
    "int_type": ("a whole number", "write it without quotes"),
    "model_type": ("a table", "write [{key}], and its keys on the lines below"),
    "string_type": ("text", "write it in quotes"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Generic[T]):
    """A named table, with where it stands."""

    name: str
    place: Place
    table: T
    #: Keys that were left out because their values are wrong.
    spoilt: frozenset[str] = frozenset()


#: Faults of one table that are told: each costs a copy of it and a guess, and 4,000 of them 9 s.
MOST = 100


def checked(model: type[T], raw: Mapping[str, Any], place: Place, report: Report) -> tuple[T | None, frozenset[str]]:
    """Return the table without the keys that are wrong, each of which is noted, and the names of these.

    Where a key is wrong that the table cannot be without, there is no table.
    """
    try:
        return model.model_validate(raw), frozenset()
    except ValidationError as error:
        faults = error.errors(include_url=False)
    for fault in faults[:MOST]:
        _note(fault, model, place, report)
        raw = _without(raw, fault["loc"])
    try:
        table = model.model_validate(raw)
    except ValidationError:
        table = None
    return table, frozenset(str(fault["loc"][0]) for fault in faults)


def _without(raw: Mapping[str, Any], key: tuple[int | str, ...]) -> Mapping[str, Any]:
    first, *rest = key
    inner = raw.get(str(first))
    if rest and isinstance(inner, dict):
        return {**raw, str(first): _without(inner, tuple(rest))}
    return {name: value for name, value in raw.items() if name != first}


def _note(fault: ErrorDetails, model: type[Table], place: Place, report: Report) -> None:
    key, value, context = fault["loc"], fault["input"], fault.get("ctx", {})
    spot = place.at(*key)
    match fault["type"]:
        case "refused":
            report.fault(spot, context["message"], context["cure"])
        case "extra_forbidden":
            report.fault(spot, *_unknown(str(key[-1]), _fields(model, key[:-1])))
        case "missing":
            example = _fields(model, key[:-1])[str(key[-1])].examples or ["…"]
            report.fault(place.at(*key[:-1]), f"{key[-1]} is missing", f"write such as {key[-1]} = {example[0]}")
        case "string_too_short" | "too_short":
            report.fault(spot, "is empty", "write what is meant, or leave the key out")
        case "greater_than_equal" | "less_than_equal":
            bound = f"at least {context['ge']}" if "ge" in context else f"at most {context['le']}"
            report.fault(spot, f"expected {bound}, found {found(value)}")
        case kind:
            expected, cure = _EXPECTED[kind]
            report.fault(spot, f"expected {expected}, found {found(value)}", cure.format(key=key[-1]))


def _fields(model: type[Table], key: Iterable[int | str]) -> dict[str, FieldInfo]:
    """Return the fields of the table at the key, by the names that people write."""
    for part in key:
        if isinstance(part, int):  # of a list of tables, which is as good as any
            continue
        inner = model.model_fields[part].annotation
        if get_origin(inner) is tuple:
            inner = get_args(inner)[0]
        assert isinstance(inner, type)  # noqa: S101 - tables stand in tables by their own type
        model = inner
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _unknown(name: str, fields: Mapping[str, FieldInfo]) -> tuple[str, str]:
    return "unknown key", guess(name, fields) or f"known here: {', '.join(fields)}"


def entries(
    section: str, model: type[N], parts: Iterable[tuple[Place, Whole]], report: Report
) -> tuple[tuple[Entry[N], ...], frozenset[str]]:
    """Return the named tables of a section over all files, and every name there is, those of wrong tables too."""
    tables: list[Entry[N]] = []
    places: dict[str, Place] = {}
    for top, part in parts:
        for name, raw in getattr(part, section).items():
            place = top.at(section, name)
            _check_name(name, model.unfit, place, report)
            if name in places:
                report.fault(place, f"the name is taken: {report.where(places[name])}", "rename one of the two")
            places.setdefault(name, place)
            entry = _entry(name, raw, model, place, report)
            tables += [entry] if entry else []
    return tuple(tables), frozenset(places)


def _entry(name: str, raw: object, model: type[N], place: Place, report: Report) -> Entry[N] | None:
    if isinstance(raw, model.forms):
        place, raw = replace(place, short=model.short), {model.short: raw}
    elif not isinstance(raw, dict) or not model.long:
        *forms, last = (_FORMS[form] for form in (*model.forms, *([dict] if model.long else [])))
        expected = f"{', '.join(forms)} or {last}"
        report.fault(place, f"expected {expected}, found {found(raw)}", f'write such as {name} = "…"')
        return None
    table, spoilt = checked(model, raw, place, report)
    return Entry(name=name, place=place, table=table, spoilt=spoilt) if table else None


def _check_name(name: str, unfit: str, place: Place, report: Report) -> None:
    if not 1 <= len(name) <= _LONGEST_NAME or not name.isprintable() or name != name.strip() or set(unfit) & set(name):
        spaces = "no space" if " " in unfit else "no space at the ends"
        cure = f"write up to {_LONGEST_NAME} characters, {spaces}, none of {' '.join(unfit.replace(' ', ''))}"
        report.fault(place, "the name cannot be used", cure)
