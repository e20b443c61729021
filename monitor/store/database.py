"""The database file: its start, its one writer, its readers, and what goes wrong with it."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from shlex import quote
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Connection, Engine, Row, create_engine, event, make_url, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DatabaseError, IntegrityError, ProgrammingError

from monitor.errors import AlreadyRunning, DamagedDatabase, NewerDatabase, StoreError
from monitor.store.lock import Lock

T = TypeVar("T")
#: An open transaction: what the functions of the store work on.
Tx: TypeAlias = Connection
#: A row of any columns.
AnyRow: TypeAlias = Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The lease of a row, and when it is to end."""

    number: int
    token: str
    until: datetime


#: Faults of the program, and not of the file.
_OUR_FAULTS = (IntegrityError, ProgrammingError, sqlite3.IntegrityError, sqlite3.ProgrammingError)
#: The number of the newest migration, which is the version of the tables that this program works on.
HEAD = max(file.name[:4] for file in (Path(__file__).parent / "migrations" / "versions").glob("[0-9]*.py"))
#: STRICT tables came with this version of SQLite, in November 2021.
_OLDEST_SQLITE = (3, 37, 0)
#: How long a second daemon waits for the lock, since ``status`` touches it for a moment; it must exit within a second.
_LOCK_PATIENCE = 0.5
#: How long a program waits for another that is bringing the tables up to date.
_UPGRADE_PATIENCE = 10.0

#: Milliseconds that a writer waits for another program. A lock of 5 s is nothing to speak of; and while a longer one
#: lasts, the waits of three loops, one after another in the one thread that writes, stay shorter than the time after
#: which a daemon passes for hanging (measured: with 10 s each, a lock of 40 s looked like a daemon that hangs).
_BUSY_PATIENCE = 6000

#: synchronous is FULL because a commit is a promise: with NORMAL a power cut takes back the last commits, and with them
#: the note that a message was being sent, so it would be sent again without "may repeat". The price is one fdatasync
#: for each commit (0.07 to 5 ms here).
#:
#: secure_delete is FAST because Debian's SQLite else writes zeros over every page that is freed: dropping an item of
#: 4 kB wrote 5,162 bytes, and so writes 1,410.
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=FAST")

_CURES = {
    sqlite3.SQLITE_BUSY: "another program holds its write lock; end that program, or try again",
    sqlite3.SQLITE_FULL: "the disk is full; free some space, and nothing that was kept is lost",
    sqlite3.SQLITE_READONLY: "it cannot be written; check the owner and the permissions of the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; check the owner and the permissions of the file and its folder",
    sqlite3.SQLITE_IOERR: "the disk does not read or write; check the disk",
}


class Database:
    """One SQLite file; writes run one after another in one thread, reads beside them."""

    def __init__(self, file: Path) -> None:
        """Prepare to use the file; ``open`` is the way in."""
        self.file = file
        self._lock = Lock(file)
        # A deferred BEGIN that turns into a write fails at once when another has written meanwhile, whatever the
        # busy_timeout (203 of 600 transactions), and pysqlite's own BEGIN comes so late that 448 of 600 increments
        # were lost without an error: so writers begin with the lock in hand, and readers can never write.
        self._writing = _engine(file, "BEGIN IMMEDIATE")
        self._reading = _engine(file, "BEGIN", "query_only=ON")
        self._writer_thread = ThreadPoolExecutor(1, "store-writer")
        self._reader_threads = ThreadPoolExecutor(2, "store-reader")
        self._writer: Connection | None = None

    @classmethod
    def open(cls, url: str, *, migrate: bool = True, check: bool = True) -> Database:
        """Open, and where need be create or upgrade, the database at ``sqlite:///FILE``.

        Without ``migrate`` a database of another version is refused; without ``check`` the pages are not looked
        through for damage, which takes a second for each 200 MB or so. Raises StoreError, which names file and cure.
        """
        if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
            raise StoreError(
                f"SQLite 3.37 or newer is needed, this Python has {sqlite3.sqlite_version}; use a newer Python"
            )
        file = _file(url)
        if migrate:
            _create(file)
        elif not file.exists():
            raise StoreError(f"{file}: there is no database yet; start wirebell, which makes it")
        database = cls(file)
        try:
            database._start(migrate=migrate, check=check)
        except BaseException:
            database.close()
            raise
        return database

    def _start(self, *, migrate: bool, check: bool) -> None:
        with self._faults_named():
            self._writer = self._writing.connect()
            if self._driver("PRAGMA journal_mode") != "wal":
                raise StoreError(
                    f"{self.file}: its file system cannot share memory (WAL); put the database on a local disk"
                )
            if check and (found := self._driver("PRAGMA quick_check(1)")) != "ok":
                raise self._damaged(str(found))
            self._upgrade(migrate=migrate)
            if check:
                self._check_columns()

    def _check_columns(self) -> None:
        """Refuse a database whose definitions are damaged: quick_check reads pages and rows, and not what they are."""
        from monitor.store import tables  # noqa: PLC0415 - 0.3 s that commands which open nothing would pay

        try:
            self.read_now(lambda tx: [tx.execute(select(each).limit(0)) for each in tables.metadata.sorted_tables])
        except StoreError as error:
            if error.passing or isinstance(error, DamagedDatabase):
                raise
            detail = str(error).removeprefix(f"{self.file}: ")
            raise self._damaged(detail) from error

    def _driver(self, sql: str, *values: object) -> Any:  # noqa: ANN401 - whatever the statement answers
        """Run a statement outside any transaction and return the first value of its answer."""
        assert self._writer is not None  # noqa: S101 - _start has run
        answer = driver(self._writer).execute(sql, values).fetchone()
        return answer[0] if answer else None

    # --- upgrade -----------------------------------------------------------------------------------------------

    def _upgrade(self, *, migrate: bool) -> None:
        """Bring the tables to this program's version, one process at a time and under no running daemon."""
        deadline = time.monotonic() + _UPGRADE_PATIENCE
        while (found := self._version()) != HEAD:
            if not migrate:
                raise StoreError(
                    f"{self.file}: its tables are of version {found}, not {HEAD}; start wirebell to upgrade them"
                )
            if self._take_lock():
                try:
                    self._migrate()
                finally:
                    self._lock.drop()
            elif time.monotonic() > deadline:
                raise self._already_running()
            else:
                time.sleep(0.05)

    def _version(self) -> str | None:
        """Return the version of the tables, None for a database without any."""
        found = self.read_now(_version)
        if found is not None and found > HEAD:
            copy = self._copy_before(found)
            cure = f"put back {copy.name}, its copy from before" if copy.exists() else "upgrade wirebell"
            raise NewerDatabase(
                f"{self.file}: written by a newer wirebell (tables {found}, this one knows {HEAD}); {cure}"
            )
        return found

    def _copy_before(self, version: str) -> Path:
        return self.file.with_name(f"{self.file.name}.before-{version}")

    def _migrate(self) -> None:
        before = self._version()
        if before is not None:
            copy = self._copy_before(HEAD)
            copy.unlink(missing_ok=True)
            self.copy_to(copy)
        # A table that is made anew is dropped first, which would take what refers to it along.
        self._driver("PRAGMA foreign_keys=OFF")
        self.write_now(_run_migrations)
        self._driver("PRAGMA foreign_keys=ON")
        # So that the file alone, copied without its -wal, is a database and not an empty page.
        self._driver("PRAGMA wal_checkpoint(TRUNCATE)")

    def copy_to(self, file: Path) -> None:
        """Write all that is committed to a new file; whoever writes meanwhile is not held up."""
        _create(file)  # the config is in it, secrets and all: SQLite would let everyone read it
        with self._faults_named():
            self._driver("VACUUM INTO ?", str(file))

    # --- lock --------------------------------------------------------------------------------------------------

    def lock(self) -> None:
        """Hold the database as its only daemon until it is closed; raise AlreadyRunning if another does."""
        deadline = time.monotonic() + _LOCK_PATIENCE
        while not self._take_lock():
            if time.monotonic() > deadline:
                raise self._already_running()
            time.sleep(0.05)

    def _take_lock(self) -> bool:
        try:
            return self._lock.take()
        except OSError as error:
            raise StoreError(
                f"{error.filename}: {error.strerror}; check the disk, and the permissions of the file and its folder"
            ) from error

    def _already_running(self) -> AlreadyRunning:
        holder = self._lock.holder()
        process = f"process {holder}" if holder else "a process"
        return AlreadyRunning(f"{self.file}: {process} is running on it; stop that one, or use another database")

    @staticmethod
    def is_locked(url: str) -> int | None:
        """Return the process number of the daemon that holds the database, None if there is none."""
        return Lock(_file(url)).holder()

    def beat(self, trouble: str = "") -> None:
        """Leave a sign that the daemon makes progress, and what is in its way."""
        self._lock.beat(trouble)

    @staticmethod
    def trouble(url: str) -> str:
        """Return what the daemon on the database says is in its way; empty where nothing is."""
        return Lock(_file(url)).trouble()

    @staticmethod
    def last_beat(url: str) -> datetime | None:
        """Return when a daemon on the database last left a sign of progress; None if there was never one."""
        return Lock(_file(url)).last_beat()

    # --- transactions ------------------------------------------------------------------------------------------

    def write(self, fn: Callable[[Tx], T]) -> asyncio.Future[T]:
        """Run the function in a transaction of its own, after those that wait already; what it raises undoes it."""
        return asyncio.get_running_loop().run_in_executor(self._writer_thread, self._write, fn)

    def read(self, fn: Callable[[Tx], T]) -> asyncio.Future[T]:
        """Run the function over one consistent state of the rows, beside whatever is being written."""
        return asyncio.get_running_loop().run_in_executor(self._reader_threads, self.read_now, fn)

    def write_now(self, fn: Callable[[Tx], T]) -> T:
        """Run the function as ``write`` does, and wait for it."""
        return self._writer_thread.submit(self._write, fn).result()

    def read_now(self, fn: Callable[[Tx], T]) -> T:
        """Run the function as ``read`` does, in this thread."""
        with self._faults_named(), self._reading.begin() as tx:
            return fn(tx)

    def _write(self, fn: Callable[[Tx], T]) -> T:
        assert self._writer is not None  # noqa: S101 - _start has run
        with self._faults_named(), self._writer.begin():
            return fn(self._writer)

    def close(self) -> None:
        """End what is being written, close the file and give up the lock."""
        self._writer_thread.shutdown()
        self._reader_threads.shutdown()
        if self._writer is not None:
            self._writer.close()
        self._writing.dispose()
        self._reading.dispose()
        self._lock.drop()

    # --- faults ------------------------------------------------------------------------------------------------

    @contextmanager
    def _faults_named(self) -> Iterator[None]:
        """Turn what SQLite says of the file into an error that names the file and the cure."""
        try:
            yield
        except _OUR_FAULTS:
            raise
        except DatabaseError as error:
            raise self._named(error.orig) from error
        except sqlite3.DatabaseError as error:
            raise self._named(error) from error
        except UnicodeDecodeError as error:  # the driver cannot even read what SQLite says of a damaged schema
            raise self._damaged("its tables have no readable names") from error

    def _named(self, error: BaseException | None) -> StoreError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return self._damaged(str(error))
        cure = _CURES.get(code)
        fault = StoreError(f"{self.file}: {error}; {cure}" if cure else f"{self.file}: {error}")
        fault.passing = cure is not None
        return fault

    def _damaged(self, detail: str) -> DamagedDatabase:
        cure = restoring(self.file.name, "BACKUP")
        return DamagedDatabase(f"{self.file}: the database is damaged ({detail}); put a backup in its place: {cure}")


def restoring(name: str, backup: str) -> str:
    """Return the command that puts a backup in the place of a database that no daemon uses."""
    name, backup = quote(name), quote(backup)
    return f"mv {name} {name}.damaged; rm -f {name}-wal {name}-shm; cp {backup} {name}"


def _file(url: str) -> Path:
    try:
        parts = make_url(url)
    except ArgumentError:
        parts = URL.create("none")
    if parts.get_backend_name() != "sqlite" or parts.database in (None, "", ":memory:"):
        raise StoreError("the address of the database is not one of a file; write it as sqlite:///wirebell.db")
    return Path(str(parts.database))


def _create(file: Path) -> None:
    """Make an empty file for its owner's eyes only, unless there is one."""
    try:
        os.close(os.open(file, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except FileNotFoundError as error:
        raise StoreError(f"{file}: its folder does not exist; create it: mkdir -p {file.parent}") from error
    except OSError as error:
        raise StoreError(
            f"{file}: {error.strerror}; check the owner and the permissions of the file and its folder"
        ) from error


#: A damaged byte spoils one character: the driver's own way raises, and one such row would hold up all that are read
#: with it.
_text = partial(str, encoding="utf-8", errors="replace")


def _engine(file: Path, begin: str, *pragmas: str) -> Engine:
    engine = create_engine(URL.create("sqlite", database=str(file)))

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        connection.text_factory = _text
        connection.execute(f"PRAGMA busy_timeout={_BUSY_PATIENCE}")
        if connection.execute("PRAGMA page_count").fetchone() == (0,):
            # Only an empty file can take this on, and it must before WAL writes the first page; later the pragma
            # would do nothing but write, at every connection.
            connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
        for pragma in (*_PRAGMAS, *pragmas):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        driver(connection).execute(begin)

    return engine


def driver(connection: Connection) -> sqlite3.Connection:
    """Return what the driver itself knows the connection as."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - the dialect's only driver here
    return driver


def _version(tx: Tx) -> str | None:
    names = set(tx.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars())
    if not names:
        return None
    if "alembic_version" not in names:
        raise StoreError(f"{tx.engine.url.database}: a database of another program; name another file")
    return str(tx.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one())


def _run_migrations(tx: Tx) -> None:
    """Run what is missing, in the transaction that is open."""
    from alembic import command  # noqa: PLC0415 - 0.1 s that only a new or old database pays
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "monitor.store:migrations")
    config.attributes["connection"] = tx
    command.upgrade(config, "head")
    if broken := tx.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise StoreError(f"{tx.engine.url.database}: row {broken.rowid} of {broken.table} refers to one that is gone")
