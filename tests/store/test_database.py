"""The database file: start, transactions, faults."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from threading import Timer

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.exc import IntegrityError

from monitor.channel import ChannelState
from monitor.errors import AlreadyRunning, DamagedDatabase, NewerDatabase, StoreError
from monitor.store import channels, configs
from monitor.store import database as module
from monitor.store.database import HEAD, Database, Tx
from tests.store.samples import (
    NOW,
    added,
    arrival,
    entry,
)

ROOT = Path(__file__).parents[2]


def record(database: Database, toml: str) -> int:
    return database.write_now(partial(configs.record, sha256=toml, toml=toml, now=NOW))


def count(database: Database) -> int:
    return database.read_now(_count)


def _count(tx: Tx) -> int:
    return int(tx.exec_driver_sql("SELECT count(*) FROM config").scalar_one())


def pragma(database: Database, name: str) -> object:
    return database.write_now(lambda tx: tx.exec_driver_sql(f"PRAGMA {name}").scalar_one())


def alone(file: Path | str, sql: str) -> object:
    """Run a statement on the file as another program would."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        return other.execute(sql).fetchone()


def refusal(url: str, kind: type[StoreError] = StoreError, *, migrate: bool = True) -> str:
    with pytest.raises(kind) as refused:
        Database.open(url, migrate=migrate)
    return str(refused.value)


@contextmanager
def process(code: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run Python code in another process, once it has said that it is ready."""
    command = [sys.executable, "-c", code, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        try:
            yield running
        finally:
            running.kill()


# --- start -------------------------------------------------------------------------------------------------------


def test_a_new_database_is_set_up_to_lose_nothing(url: str, file: Path) -> None:
    names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "auto_vacuum")
    with closing(Database.open(url)) as database:
        assert [pragma(database, name) for name in names] == ["wal", 2, 1, 6_000, 2]
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_was_kept_is_there_at_the_next_start(url: str) -> None:
    with closing(Database.open(url)) as first:
        record(first, "a = 1")
    with closing(Database.open(url)) as second:
        assert count(second) == 1


def test_a_database_is_made_once_however_many_open_it_at_once(url: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        opened = list(threads.map(lambda _: Database.open(url), range(4)))
    assert {record(database, "a = 1") for database in opened} == {1}
    for database in opened:
        database.close()


def test_the_file_alone_is_a_database(url: str, file: Path, tmp_path: Path) -> None:
    with closing(Database.open(url)):
        copy = shutil.copy(file, tmp_path / "copy.db")
    assert alone(copy, "SELECT version_num FROM alembic_version") == (HEAD,)


@pytest.mark.parametrize("url", ["", "wirebell.db", "sqlite://", "sqlite:///:memory:", "postgresql://host/wirebell"])
def test_an_address_that_is_not_of_a_file_is_refused_with_the_right_form(url: str) -> None:
    assert refusal(url).endswith("write it as sqlite:///wirebell.db")


def test_a_missing_folder_is_named_with_the_cure(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert refusal(f"sqlite:///{folder}/w.db") == (
        f"{folder}/w.db: its folder does not exist; create it: mkdir -p {folder}"
    )


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "lid").write_text("")
    assert refusal(f"sqlite:///{tmp_path}/lid/w.db").startswith(f"{tmp_path}/lid/w.db: Not a directory; check the")


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    assert refusal(f"sqlite:///{tmp_path}").startswith(f"{tmp_path}: Is a directory; check the owner")
    assert refusal(f"sqlite:///{tmp_path}", migrate=False).startswith(f"{tmp_path}: unable to open database file; it c")


def test_a_database_of_another_program_is_left_alone(url: str, file: Path) -> None:
    alone(file, "CREATE TABLE theirs (a)")
    assert refusal(url) == f"{file}: a database of another program; name another file"
    assert alone(file, "SELECT group_concat(name) FROM sqlite_master") == ("theirs",)


def test_a_command_beside_the_daemon_makes_no_database(url: str, file: Path) -> None:
    assert refusal(url, migrate=False) == f"{file}: there is no database yet; start wirebell, which makes it"
    assert not file.exists()


def test_a_command_beside_the_daemon_upgrades_none(url: str, file: Path) -> None:
    file.touch()
    assert "start wirebell to upgrade them" in refusal(url, migrate=False)


def test_a_command_beside_the_daemon_uses_one_that_is_up_to_date(url: str, database: Database) -> None:
    record(database, "a = 1")
    with closing(Database.open(url, migrate=False, check=False)) as other:
        assert count(other) == 1


def test_an_old_sqlite_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_OLDEST_SQLITE", (99, 0, 0))
    assert refusal(url).startswith("SQLite 3.37 or newer is needed")


def test_a_file_system_without_shared_memory_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PRAGMAS", ())  # the journal stays as it is where WAL cannot be had
    assert "put the database on a local disk" in refusal(url)


# --- upgrade -----------------------------------------------------------------------------------------------------


def test_a_newer_database_is_refused(url: str, file: Path) -> None:
    Database.open(url).close()
    alone(file, "UPDATE alembic_version SET version_num = '9999'")
    said = refusal(url, NewerDatabase)
    assert said == f"{file}: written by a newer wirebell (tables 9999, this one knows {HEAD}); upgrade wirebell"


def test_a_newer_database_names_the_copy_from_before(url: str, file: Path) -> None:
    Database.open(url).close()
    alone(file, "UPDATE alembic_version SET version_num = '9999'")
    file.with_name("wirebell.db.before-9999").touch()
    assert refusal(url, NewerDatabase).endswith("put back wirebell.db.before-9999, its copy from before")


def test_a_database_of_the_first_version_is_kept_as_it_was_for_those_who_go_back(
    url: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Config()
    config.set_main_option("script_location", "monitor.store:migrations")
    engine = create_engine(url)
    with engine.begin() as tx:
        config.attributes["connection"] = tx
        command.upgrade(config, "0001")
        tx.exec_driver_sql("INSERT INTO config (sha256, toml, loaded_at) VALUES ('a', 'a = 1', 0)")
    engine.dispose()
    Database.open(url).close()
    copy = file.with_name(f"wirebell.db.before-{HEAD}")
    assert alone(file, "SELECT version_num, toml FROM alembic_version, config") == (HEAD, "a = 1")

    monkeypatch.setattr(module, "HEAD", "0001")  # as the version before knows it
    assert refusal(url, NewerDatabase).endswith(f"put back {copy.name}, its copy from before")
    assert alone(copy, "PRAGMA integrity_check") == ("ok",)
    with closing(Database.open(f"sqlite:///{copy}", migrate=False, check=False)) as old:
        assert count(old) == 1


@pytest.fixture
def older(url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with one config in it, and a program that is one version ahead."""
    with closing(Database.open(url)) as database:
        record(database, "a = 1")
    monkeypatch.setattr(module, "HEAD", "9999")
    return url


def upgrade(tx: Tx) -> None:
    tx.exec_driver_sql("CREATE TABLE more (a)")
    tx.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")


def test_an_older_database_is_copied_and_upgraded(older: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_run_migrations", upgrade)
    copy = file.with_name("wirebell.db.before-9999")
    copy.write_text("left behind by an upgrade that did not end")
    with closing(Database.open(older)) as database:
        assert database.read_now(lambda tx: tx.exec_driver_sql("SELECT count(*) FROM more").scalar_one()) == 0
        assert count(database) == 1
    assert alone(copy, "SELECT toml, version_num FROM config, alembic_version") == ("a = 1", HEAD)
    assert copy.stat().st_mode & 0o777 == 0o600


def test_an_upgrade_that_fails_changes_nothing(older: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(tx: Tx) -> None:
        upgrade(tx)
        raise StoreError("no more")

    monkeypatch.setattr(module, "_run_migrations", fail)
    assert refusal(older) == "no more"
    assert alone(file, "SELECT version_num FROM alembic_version") == (HEAD,)
    assert alone(file, "SELECT count(*) FROM sqlite_master WHERE name = 'more'") == (0,)


def test_no_database_is_upgraded_under_a_running_daemon(
    older: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_UPGRADE_PATIENCE", 0.0)
    monkeypatch.setattr(module, "_run_migrations", upgrade)
    with daemon(older) as running, pytest.raises(AlreadyRunning, match=f"process {running.pid} is running on it"):
        Database.open(older)
    assert alone(file, "SELECT version_num FROM alembic_version") == (HEAD,)


# --- damage ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A database with some items in it."""
    file = tmp_path_factory.mktemp("sound") / "wirebell.db"
    with closing(Database.open(f"sqlite:///{file}")) as database:
        added(database, *(arrival(entry(number)) for number in range(200)))
    return file.read_bytes()


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_a_database_that_was_cut_off_is_refused_with_the_way_to_restore_it(
    url: str, file: Path, sound: bytes, kept: float
) -> None:
    file.write_bytes(sound[: int(len(sound) * kept)])
    said = refusal(url, DamagedDatabase)
    assert said.startswith(f"{file}: the database is damaged (")
    assert said.endswith(
        "mv wirebell.db wirebell.db.damaged; rm -f wirebell.db-wal wirebell.db-shm; cp BACKUP wirebell.db"
    )


def test_a_file_that_is_no_database_is_refused(url: str, file: Path) -> None:
    file.write_bytes(b"feeds, rules and channels\n" * 400)
    assert "file is not a database" in refusal(url, DamagedDatabase)


def test_flipped_bytes_are_refused_or_harmless(url: str, file: Path, sound: bytes) -> None:
    """No damage ends in anything but a working database or a refusal, and most of it is seen."""
    seen = 0
    for seed in range(40):
        chance, damaged = random.Random(seed), bytearray(sound)  # noqa: S311 - a test repeats itself
        for _ in range(20):
            damaged[chance.randrange(len(damaged))] ^= 0xFF
        for left_behind in file.parent.glob("wirebell.db*"):
            left_behind.unlink()
        file.write_bytes(damaged)
        try:
            Database.open(url).close()
        except StoreError:
            seen += 1
    assert seen >= 10


def test_names_of_tables_that_nobody_can_read_are_damage(url: str, file: Path, sound: bytes) -> None:
    unreadable = sound.replace(b"item_link", b"\x9e" * 9).replace(b"CREATE INDEX \x9e", b"CREATE INDEY \x9e")
    file.write_bytes(unreadable)
    assert "its tables have no readable names" in refusal(url, DamagedDatabase)


def test_a_column_whose_name_changed_is_damage(url: str, file: Path, sound: bytes) -> None:
    file.write_bytes(sound.replace(b"outcome TEXT", b"outcale TEXT"))
    said = refusal(url, DamagedDatabase)
    assert said.startswith(f"{file}: the database is damaged (no such column: attempt.outcome); put a backup in its")


def spoil(file: Path, name: str) -> None:
    """Overwrite the first page of a table or an index."""
    with closing(sqlite3.connect(file)) as other:
        (page,) = other.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()
    with file.open("r+b") as damaged:
        damaged.seek((page - 1) * 4096)
        damaged.write(b"\xff" * 4096)


def test_damage_met_at_work_is_named_too(url: str, file: Path, sound: bytes) -> None:
    file.write_bytes(sound)
    with closing(Database.open(url)) as database:
        spoil(file, "item_link")
        with pytest.raises(DamagedDatabase, match="cp BACKUP wirebell"):
            database.read_now(lambda tx: tx.exec_driver_sql("SELECT id FROM item WHERE link = 'a'").all())


def test_a_database_that_cannot_be_copied_is_not_upgraded(
    url: str, file: Path, sound: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HEAD", "9999")
    monkeypatch.setattr(module, "_run_migrations", upgrade)
    file.write_bytes(sound)
    spoil(file, "item")
    with pytest.raises(DamagedDatabase):
        Database.open(url, check=False)
    assert alone(file, "SELECT version_num FROM alembic_version") == (HEAD,)


def test_damage_is_not_looked_for_when_it_is_not_asked_for(url: str, file: Path, sound: bytes) -> None:
    file.write_bytes(sound)
    spoil(file, "item_link")
    assert "database is damaged" in refusal(url, DamagedDatabase)
    Database.open(url, check=False).close()


# --- lock --------------------------------------------------------------------------------------------------------

_DAEMON = """
import sys
from monitor.store.lock import Lock
from pathlib import Path
lock = Lock(Path(sys.argv[1]))
assert lock.take()
print("ready", flush=True)
sys.stdin.read()
"""


@contextmanager
def daemon(url: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock of the database."""
    with process(_DAEMON, url.removeprefix("sqlite:///")) as running:
        yield running


def test_a_second_daemon_is_refused_within_a_second(url: str, database: Database) -> None:
    with daemon(url) as first:
        began = time.monotonic()
        with pytest.raises(AlreadyRunning, match=rf"process {first.pid} is running on it; stop that one, or use"):
            database.lock()
        assert time.monotonic() - began < 1
        assert Database.is_locked(url) == first.pid


def test_a_daemon_that_was_killed_holds_nothing(url: str, database: Database) -> None:
    with daemon(url) as first:
        first.kill()
        first.wait()
    assert Database.is_locked(url) is None
    database.lock()
    assert Database.is_locked(url) == os.getpid()


def test_a_database_that_is_closed_is_free(url: str) -> None:
    first = Database.open(url)
    first.lock()
    first.close()
    with closing(Database.open(url)) as second:
        second.lock()
        assert Database.is_locked(url) == os.getpid()


def test_a_daemon_that_makes_progress_says_so(url: str, database: Database, file: Path) -> None:
    database.lock()
    os.utime(file.with_name("wirebell.db.lock"), (0, 0))
    before = Database.last_beat(url)
    database.beat()
    after = Database.last_beat(url)
    assert before is not None
    assert after is not None
    assert before < after


def test_a_lock_that_is_given_up_in_time_is_waited_for(url: str, database: Database) -> None:
    other = Database.open(url)
    other.lock()
    Timer(0.1, other.close).start()
    database.lock()
    assert Database.is_locked(url) == os.getpid()


def test_a_lock_that_cannot_be_made_is_named(database: Database, file: Path) -> None:
    file.with_name("wirebell.db.lock").mkdir()
    with pytest.raises(StoreError, match=r"wirebell\.db\.lock: Is a directory; check the disk"):
        database.lock()


# --- transactions ------------------------------------------------------------------------------------------------


async def test_writes_and_reads_are_awaited(database: Database) -> None:
    version = await database.write(partial(configs.record, sha256="a", toml="a", now=NOW))
    latest = await database.read(configs.latest)
    assert latest is not None
    assert (latest.version, version) == (1, 1)


def test_what_raises_is_undone_whole(database: Database) -> None:
    def fail(tx: Tx) -> None:
        configs.record(tx, "a", "a", NOW)
        raise LookupError("of ours")

    with pytest.raises(LookupError, match="of ours"):
        database.write_now(fail)
    assert count(database) == 0
    assert record(database, "b") == 1


def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(StoreError, match="attempt to write a readonly database"):
        database.read_now(partial(configs.record, sha256="a", toml="a", now=NOW))


def test_a_reader_sees_the_state_before_and_waits_for_no_writer(database: Database) -> None:
    def write(tx: Tx) -> int:
        configs.record(tx, "a", "a", NOW)
        return count(database)

    assert database.write_now(write) == 0
    assert count(database) == 1


def test_writers_that_race_lose_no_update(url: str, database: Database) -> None:
    def increment(tx: Tx) -> None:
        state = channels.get(tx, "desk")
        channels.put(tx, ChannelState(name="desk", failures=state.failures + 1))

    with closing(Database.open(url)) as other, ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda each: each.write_now(increment), [database, other] * 100))
    assert database.read_now(partial(channels.get, name="desk")).failures == 200


def test_a_fault_of_ours_is_not_taken_for_one_of_the_file(database: Database) -> None:
    with pytest.raises(IntegrityError, match="FOREIGN KEY constraint failed"):
        database.write_now(
            lambda tx: tx.exec_driver_sql("INSERT INTO attempt VALUES ('no delivery', 1, 0, 'sent', '')")
        )


_WRITER = """
import sys
from functools import partial
from monitor.store import configs
from monitor.store.database import Database
from tests.store.samples import NOW
database = Database.open(sys.argv[1])
for number in range(5):
    database.write_now(partial(configs.record, sha256=str(number), toml="", now=NOW))
def unfinished(tx):
    configs.record(tx, "unfinished", "", NOW)
    print("ready", flush=True)
    sys.stdin.read()
database.write_now(unfinished)
"""


def test_a_writer_killed_in_a_transaction_loses_nothing_that_was_committed(url: str) -> None:
    with process(_WRITER, url) as writer:
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    with closing(Database.open(url)) as database:
        assert count(database) == 5
        assert record(database, "next") == 6


# --- others ------------------------------------------------------------------------------------------------------


@contextmanager
def write_lock(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        yield holder


def test_a_write_lock_of_another_program_is_waited_for(database: Database, file: Path) -> None:
    with write_lock(file) as holder:
        Timer(0.3, partial(holder.execute, "COMMIT")).start()
        assert record(database, "a") == 1


def test_a_write_lock_held_for_too_long_is_named_and_then_forgotten(database: Database, file: Path) -> None:
    database._driver("PRAGMA busy_timeout=20")
    with write_lock(file):
        with pytest.raises(StoreError, match=r"database is locked; another program holds its write lock"):
            record(database, "a")
        assert count(database) == 0
    assert record(database, "a") == 1


def test_a_full_disk_is_named_and_when_space_returns_all_goes_on(database: Database, file: Path) -> None:
    record(database, "a")
    pages = int(database._driver("PRAGMA page_count"))
    database._driver(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StoreError) as full:
        record(database, "b" * 100_000)
    assert str(full.value).startswith(f"{file}: database or disk is full; the disk is full; free some space")
    assert count(database) == 1
    database._driver("PRAGMA max_page_count=1000000")
    assert record(database, "b" * 100_000) == 2
