"""The lock beside the database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.store.lock import Lock


@pytest.fixture
def lock(file: Path) -> Iterator[Lock]:
    mine = Lock(file)
    yield mine
    mine.drop()


def test_a_lock_is_taken_once(lock: Lock, file: Path) -> None:
    assert lock.take()
    assert not Lock(file).take()


def test_a_lock_that_was_dropped_can_be_taken(lock: Lock, file: Path) -> None:
    first = Lock(file)
    assert first.take()
    first.drop()
    assert lock.take()


def test_a_lock_tells_who_holds_it(lock: Lock, file: Path) -> None:
    assert Lock(file).holder() is None
    lock.take()
    assert Lock(file).holder() == os.getpid()
    lock.drop()
    assert Lock(file).holder() is None


def test_a_holder_that_has_not_signed_yet_is_still_one(lock: Lock, file: Path) -> None:
    lock.take()
    file.with_name("wirebell.db.lock").write_text("")
    assert Lock(file).holder() == 0


def test_a_shorter_number_leaves_nothing_of_a_longer_one(lock: Lock, file: Path) -> None:
    file.with_name("wirebell.db.lock").write_text("123456789")
    lock.take()
    assert Lock(file).holder() == os.getpid()


def test_the_lock_is_for_its_owners_eyes(lock: Lock, file: Path) -> None:
    lock.take()
    assert file.with_name("wirebell.db.lock").stat().st_mode & 0o777 == 0o600


def test_dropping_what_is_not_held_does_nothing(lock: Lock) -> None:
    lock.drop()
    assert lock.take()


def test_a_beat_is_the_last_sign_of_life(lock: Lock, file: Path) -> None:
    assert lock.last_beat() is None
    lock.take()
    os.utime(file.with_name("wirebell.db.lock"), (0, 0))
    began = datetime.now(UTC) - timedelta(seconds=1)  # the clock of the file system is a tick behind
    lock.beat()
    beat = Lock(file).last_beat()
    assert beat is not None
    assert beat > began


def test_who_does_not_hold_the_lock_leaves_no_sign(lock: Lock, file: Path) -> None:
    lock.beat()
    assert lock.last_beat() is None
    assert not file.with_name("wirebell.db.lock").exists()


def test_a_holder_says_what_is_in_its_way_and_when_nothing_is_any_more(lock: Lock, file: Path) -> None:
    assert lock.trouble() == ""
    lock.take()
    lock.beat("wirebell.db: the disk is full;\nfree some space")
    assert (Lock(file).trouble(), Lock(file).holder()) == (
        "wirebell.db: the disk is full; free some space",
        os.getpid(),
    )
    lock.beat()
    assert (Lock(file).trouble(), Lock(file).holder()) == ("", os.getpid())
    lock.beat("x" * 5000)
    assert file.with_name("wirebell.db.lock").stat().st_size == 1024
    lock.drop()
    assert lock.trouble() == ""


def test_a_sign_that_cannot_be_left_ends_nothing(lock: Lock, monkeypatch: pytest.MonkeyPatch) -> None:
    lock.take()

    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "pwrite", refuse)
    monkeypatch.setattr(os, "utime", refuse)
    lock.beat("disk full")
    assert lock.trouble() == ""
