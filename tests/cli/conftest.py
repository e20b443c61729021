"""What tests of commands share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.home import CONFIG, Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return a folder with a config of two feeds, two rules and a channel."""
    made = Home(path=tmp_path / "config.toml")
    made.write(CONFIG)
    return made
