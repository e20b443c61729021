"""The config to run with: the file's, checked down to its channels, or at a start the last good one."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from monitor import config, send
from monitor.config import Config
from monitor.errors import ConfigError, StoreError


def load(path: Path, environment: Mapping[str, str]) -> Config:
    """Return the config in the file; raise ConfigError with every fault."""
    return _checked(config.load(path, environment=environment))


def load_or_last_good(path: Path, environment: Mapping[str, str]) -> tuple[Config, ConfigError | None]:
    """Return the config in the file; where it cannot be used, the one that was in force last, with what is wrong.

    Raises ConfigError where none was in force yet.
    """
    try:
        return load(path, environment), None
    except ConfigError as error:
        if (good := _last_good(path, environment)) is None:
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
    with suppress(ConfigError, StoreError):  # its secrets may be gone too; what is wrong with the file is said instead
        database = Database.open(f"sqlite:///{file}", migrate=False, check=False)
        try:
            newest = database.read_now(configs.latest)
        finally:
            database.close()
        if newest is not None:
            return _checked(config.kept(newest.toml, path, environment=environment))
    return None
