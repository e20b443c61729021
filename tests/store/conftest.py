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


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A database without a row; making one takes 50 ms, which is much for every test."""
    file = tmp_path_factory.mktemp("empty") / "wirebell.db"
    Database.open(f"sqlite:///{file}").close()
    return file.read_bytes()


@pytest.fixture
def database(url: str, file: Path, empty: bytes) -> Iterator[Database]:
    file.write_bytes(empty)
    opened = Database.open(url)
    yield opened
    opened.close()
