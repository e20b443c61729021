"""A database of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.store.database import Database


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "wirebell.db"


@pytest.fixture
def url(file: Path) -> str:
    return f"sqlite:///{file}"


@pytest.fixture
def database(url: str, file: Path, empty_database: bytes) -> Iterator[Database]:
    file.write_bytes(empty_database)
    opened = Database.open(url)
    yield opened
    opened.close()
