"""The configs that were in force."""

from __future__ import annotations

from functools import partial

from monitor.store import configs
from monitor.store.configs import KeptConfig
from monitor.store.database import Database
from tests.store.samples import MINUTE, NOW


def recorded(database: Database, toml: str) -> int:
    return database.write_now(partial(configs.record, sha256=f"sha of {toml}", toml=toml, now=NOW))


def test_there_is_no_config_before_the_first(database: Database) -> None:
    assert database.read_now(configs.latest) is None


def test_each_config_has_a_version_and_the_last_is_the_latest(database: Database) -> None:
    assert [recorded(database, toml) for toml in ("a = 1", "a = 2")] == [1, 2]
    assert database.read_now(configs.latest) == KeptConfig(
        version=2, sha256="sha of a = 2", toml="a = 2", loaded_at=NOW
    )


def test_a_config_loaded_again_unchanged_has_the_version_it_had(database: Database) -> None:
    first = recorded(database, "a = 1")
    later = partial(configs.record, sha256="sha of a = 1", toml="a = 1", now=NOW + MINUTE)
    assert database.write_now(later) == first
    kept = database.read_now(configs.latest)
    assert kept is not None
    assert kept.loaded_at == NOW


def test_a_config_that_is_put_back_is_a_new_version(database: Database) -> None:
    assert [recorded(database, toml) for toml in ("a = 1", "a = 2", "a = 1")] == [1, 2, 3]
