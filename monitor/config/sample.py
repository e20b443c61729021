"""A config as text, each key with what the schema says of it: what ``wirebell init`` writes."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping

from monitor.config.schema import ChannelTable, FeedTable, Named, RuleTable, Table, Whole

#: A value of a key, or the keys of a table.
Value = str | int | bool | list[str] | Mapping[str, "Value"]

_HEAD = """\
# What wirebell watches, what it looks for, and whom it tells. Edit it while wirebell runs: it takes changes up at once.
# `wirebell check` says what is wrong with it, and docs/reference/config.md names every key.
"""
#: Tables of entries with names of the user's, and the keys that are shown to who may want more of them.
_NAMED: Mapping[str, tuple[type[Named], tuple[str, ...]]] = {
    "feeds": (FeedTable, ("interval", "tags", "full_text", "language")),
    "rules": (RuleTable, ("except", "precision", "where", "priority", "notify")),
    "channels": (ChannelTable, ("quiet", "wake", "fallback")),
}
_WIDTH = 118


def sample(values: Mapping[str, Value]) -> str:
    """Return the config that has these values, in the order of the schema."""
    known = [(name, field.description or "") for name, field in Whole.model_fields.items() if name in values]
    keys = [(name, said) for name, said in known if not isinstance(values[name], Mapping)]
    tables = [(name, said) for name, said in known if isinstance(values[name], Mapping)]
    lines = [_HEAD]
    for name, said in keys:
        lines += [*_comment(said), f"{name} = {_written(values[name])}", ""]
    for name, said in tables:
        table = values[name]
        assert isinstance(table, Mapping)  # noqa: S101 - what was asked for
        lines += [*_comment(said), *(_entries(name, table) if name in _NAMED else _single(name, table)), ""]
    return "\n".join(lines).rstrip() + "\n"


def _single(name: str, table: Mapping[str, Value]) -> Iterator[str]:
    model: type[Table] = Whole.model_fields[name].annotation  # type: ignore[assignment] # each is a table by the schema
    yield f"[{name}]"
    yield from _keys(model, table)


def _entries(name: str, entries: Mapping[str, Value]) -> Iterator[str]:
    model, more = _NAMED[name]
    short = {key: value for key, value in entries.items() if not isinstance(value, Mapping)}
    yield f"# More keys, as in NAME = {{ {model.short} = …, {_example(model, more[0])} }}:"
    yield from (line for key in more for line in _offer(model, key))
    if short:
        yield f"[{name}]"
        yield from (f"{_key(key)} = {_written(value)}" for key, value in short.items())
    for key, value in entries.items():
        if isinstance(value, Mapping):
            yield f"[{name}.{_key(key)}]"
            yield from _keys(model, value)


def _keys(model: type[Table], table: Mapping[str, Value]) -> Iterator[str]:
    for key, value in table.items():
        yield from _comment(_field(model, key)[0])
        yield f"{key} = {_written(value)}"


def _offer(model: type[Table], key: str) -> Iterator[str]:
    said, _ = _field(model, key)
    yield from _comment(f"{_example(model, key)}: {said}", indent="  ")


def _example(model: type[Table], key: str) -> str:
    return f"{key} = {_field(model, key)[1]}"


def _field(model: type[Table], key: str) -> tuple[str, str]:
    """Return what the schema says of a key, and an example of its value."""
    for name, field in model.model_fields.items():
        if key in (name, field.alias):
            return field.description or "", str((field.examples or [""])[0])
    raise KeyError(key)


def _comment(said: str, indent: str = "") -> list[str]:
    return textwrap.wrap(said, _WIDTH, initial_indent=f"# {indent}", subsequent_indent=f"# {indent}{indent}")


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _written(name)


def _written(value: Value) -> str:
    """Return a value as TOML writes it; its texts take the escapes of JSON, and one more."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
