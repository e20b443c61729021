"""The migrations lead to the tables as they are declared."""

from __future__ import annotations

import re
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine

from monitor.store import tables
from monitor.store.database import HEAD, Database


def schema(tx: Connection) -> dict[str, list[str]]:
    """Return the parts of every definition, in an order of their own: that of columns and constraints means nothing."""
    rows = tx.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {name: sorted(parts(sql)) for name, sql in rows if name != "alembic_version"}


def parts(sql: str) -> list[str]:
    """Return head, columns, constraints and options of a definition, which SQLite keeps as it was written."""
    plain = re.sub(r"\s+", " ", sql.replace('"', "")).replace("DEFAULT '0' NOT NULL", "NOT NULL DEFAULT '0'")
    head, _, rest = plain.partition("(")
    inner, _, options = rest.rpartition(")")
    return [head.strip(), *(part.strip() for part in re.split(r",(?![^(]*\))", inner)), options.strip()]


def test_alembic_finds_nothing_left_to_do(database: Database) -> None:
    assert database.read_now(lambda tx: compare_metadata(MigrationContext.configure(tx), tables.metadata)) == []


def test_the_migrated_tables_are_the_declared_ones_to_the_letter(database: Database, tmp_path: Path) -> None:
    declared = create_engine(f"sqlite:///{tmp_path}/declared.db")
    tables.metadata.create_all(declared)
    with declared.connect() as tx:
        expected = schema(tx)
    declared.dispose()
    assert database.read_now(schema) == expected


def test_the_newest_migration_is_the_head_and_its_number_the_version_of_the_database(database: Database) -> None:
    config = Config()
    config.set_main_option("script_location", "monitor.store:migrations")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]
    assert database.read_now(lambda tx: tx.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()) == HEAD
