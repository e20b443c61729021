"""The config to run with: the file's, checked down to its channels, or at a start the last good one."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path

from monitor import config, send
from monitor.config import Config
from monitor.errors import ConfigError, StoreError


def load(path: Path, environment: Mapping[str, str], today: date | None = None, before: Config | None = None) -> Config:
    """Return the config in the file, with the rules of the one before that are the same; raise ConfigError."""
    rules = {watch.name: watch.rule for watch in before.watches} if before else {}
    return _checked(config.load(path, environment=environment, today=today, before=rules))


def load_or_last_good(path: Path, environment: Mapping[str, str], today: date) -> tuple[Config, ConfigError | None]:
    """Return the config in the file; where it cannot be used, the one that was in force last, with what is wrong.

    Raises ConfigError where none was in force yet, and with the faults of both where that one, which another version
    may have kept, cannot be used either.
    """
    try:
        return load(path, environment, today), None
    except ConfigError as error:
        try:
            good = _last_good(path, environment)
        except ConfigError as kept:
            also = (replace(fault, file=f"last good {Path(fault.file).name}") for fault in kept.faults)
            raise ConfigError((*error.faults, *also)) from error
        if good is None:
            raise
        return good, error


def _checked(loaded: Config) -> Config:
    """Return the config if the services of its channels can be used as well."""
    faults = tuple(
        loaded.fault("channels", channel.name, message=words)
        for channel in loaded.channels
        for words in send.faults(channel)
    )
    if faults:
        raise ConfigError(faults)
    return loaded


def _last_good(path: Path, environment: Mapping[str, str]) -> Config | None:
    from monitor.store import configs  # noqa: PLC0415 - who only checks a config pays for no database
    from monitor.store.database import Database  # noqa: PLC0415

    file = config.database_file(path)
    if not file.exists():
        return None
    newest = None
    with suppress(StoreError):  # what is wrong with the file is said instead
        # Brought up to date, as the start would do next: after an upgrade its tables are those of the version before.
        database = Database.open(f"sqlite:///{file}", check=False)
        try:
            newest = database.read_now(configs.latest)
        finally:
            database.close()
    return None if newest is None else _checked(config.kept(newest.toml, path, environment=environment))
