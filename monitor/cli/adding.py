"""Feeds added by command: written beside the config once the whole of it is known to be fine."""

from __future__ import annotations

import os
from pathlib import Path

from monitor import config, opml
from monitor.cli import invocation
from monitor.config import Addition, Config


def tried(path: Path, text: str) -> Config:
    """Return the config as it would be with that text for the feeds that were added; raise ConfigError."""
    return config.load(path, environment=os.environ, today=invocation.now().date(), added=text)


def of_list(path: Path, listed: Path) -> Addition:
    """Return what would be added from a list in OPML; raise ConfigError where it cannot be read."""
    return config.with_list(path, listed, opml.decode(listed.read_bytes()))


def write(path: Path, text: str) -> Path:
    """Put the text in the place of what was added so far, whole or not at all, and return the file."""
    file = config.added_file(path)
    file.parent.mkdir(exist_ok=True)
    fresh = file.with_name(f".{file.name}.new")  # hidden: no pattern of ``include`` meets it
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(file)
    return file
