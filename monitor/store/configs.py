"""The configs that were in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select

from monitor import record as evidence
from monitor.store import records
from monitor.store.database import Tx
from monitor.store.tables import config


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptConfig:
    """A config that was once in force."""

    version: int
    sha256: str
    toml: str
    loaded_at: datetime


def record(tx: Tx, sha256: str, toml: str, now: datetime) -> int:
    """Keep the config that is now in force and return its version; loaded again unchanged, it has the one it had."""
    newest = latest(tx)
    version = newest.version if newest is not None and newest.sha256 == sha256 else _add(tx, sha256, toml, now)
    in_force = evidence.Config(version=version, sha256=sha256)
    records.add(tx, [evidence.applied(in_force, toml, now)])
    return version


def _add(tx: Tx, sha256: str, toml: str, now: datetime) -> int:
    kept = insert(config).values(sha256=sha256, toml=toml, loaded_at=now).returning(config.c.version)
    return int(tx.execute(kept).scalar_one())


def latest(tx: Tx) -> KeptConfig | None:
    """Return the config that was in force last."""
    row = tx.execute(select(config).order_by(config.c.version.desc()).limit(1)).first()
    return KeptConfig(**row._mapping) if row else None  # noqa: SLF001 - SQLAlchemy's public name for it
