"""A database that is damaged, lost or put back is refused with its cure, or works rightly; and never rings twice."""

from __future__ import annotations

import asyncio
import io
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.errors import DamagedDatabase, StoreError
from monitor.sandbox import Sandbox
from monitor.service import Service, Settings
from tests.http_server import HttpServer, Reply
from tests.proofs.proving import figures, sized
from tests.scenarios.house import MORNING, Clock, House, payloads, rss

#: How a refusal tells to put a backup back.
RESTORE = "mv wirebell.db wirebell.db.damaged; rm -f wirebell.db-wal wirebell.db-shm; cp BACKUP wirebell.db"
NEW = "Glacier reaches the valley"
TEXT = "The wardens measured how far the ice moved in the night, and closed the upper path. " * 8


def headlines(first: int, last: int) -> list[str]:
    return [f"Glacier report {number}" for number in range(first, last)]


def document(titles: list[str]) -> bytes:
    entries = [{"guid": title, "title": title, "description": TEXT} for title in reversed(titles)]
    return rss(entries, at=MORNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A feed and a receiver, and the database of a wirebell that lived between them for a while."""

    press: HttpServer
    desk: HttpServer
    config: str
    #: The database after it was closed.
    sound: bytes
    #: The file and its -wal as they were at the end, unclosed, as a kill leaves them.
    file: bytes
    wal: bytes
    #: The database as it was halfway, and all that rang until then.
    backup: bytes
    rung_before: frozenset[str]
    #: All that rang.
    rung: frozenset[str]

    def ids(self) -> set[str]:
        """Return the ids of the deliveries of all alerts so far."""
        return {request.headers["webhook-id"] for request in self.desk.received if b"alert.v1" in request.body}

    def start(self, folder: Path, *, titles: list[str], days: float = 1) -> list[str]:
        """Run a daemon over the folder's database once; return what rings."""
        self.press.reply("/rss", Reply(body=document(titles)))
        (folder / "config.toml").write_text(self.config, encoding="utf-8")
        before = len(self.desk.received)
        settings = Settings(path=folder / "config.toml", environment={}, console=io.StringIO())
        later = MORNING + timedelta(days=days)
        asyncio.run(Service(settings, now=lambda: later).run_once())
        received = [request.body for request in self.desk.received[before:]]
        return [str(alert["headline"]) for alert in payloads(received)]


BASELINE, HALF, ALL = headlines(0, 20), headlines(20, 40), headlines(40, 60)
LISTED = [*BASELINE, *HALF, *ALL]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world with a database of feeds, items, revisions, matches, alerts and deliveries."""
    folder = tmp_path_factory.mktemp("world")
    with HttpServer() as press, HttpServer() as desk:
        hook = desk.reply("/hook", Reply(status=204))
        config = f"""timezone = "UTC"
            feeds.wire = {{ url = "{press.url("/rss")}", interval = "5m" }}
            rules.road = "glacier"
            channels.desk = {{ webhook = "{hook}", burst = false }}
            network.allow = ["127.0.0.0/8"]"""
        kept = folder / "backup.db"
        file = folder / "wirebell.db"

        async def grow() -> tuple[bytes, bytes, int]:
            box = Sandbox()
            house = House(folder, box, Clock())
            press.reply("/rss", Reply(body=document(BASELINE)))
            house.configure(config)
            await house.work()
            press.reply("/rss", Reply(body=document([*BASELINE, *HALF])))
            await house.after(minutes=5)
            with closing(sqlite3.connect(file)) as other:
                other.execute("VACUUM INTO ?", (str(kept),))
            half = len(desk.received)
            press.reply("/rss", Reply(body=document(LISTED)))
            await house.after(minutes=5)
            left = file.read_bytes(), file.with_name("wirebell.db-wal").read_bytes()
            await house.close()
            box.close()
            return *left, half

        main, wal, half = asyncio.run(grow())
        told = [str(alert["headline"]) for alert in payloads(request.body for request in desk.received)]
        before = [str(alert["headline"]) for alert in payloads(request.body for request in desk.received[:half])]
        assert sorted(told) == sorted([*HALF, *ALL])
        yield World(
            press=press, desk=desk, config=config, sound=file.read_bytes(), file=main, wal=wal,
            backup=kept.read_bytes(), rung_before=frozenset(before), rung=frozenset(told),
        )  # fmt: skip


def damaged(folder: Path, content: bytes) -> Path:
    """Put a database in the place of the one that is there."""
    for left_behind in folder.glob("wirebell.db*"):
        left_behind.unlink()
    file = folder / "wirebell.db"
    file.write_bytes(content)
    return file


def flipped(sound: bytes, seed: int) -> bytes:
    chance, content = random.Random(seed), bytearray(sound)  # noqa: S311 - a test repeats itself
    for _ in range(20):
        content[chance.randrange(len(content))] ^= chance.randrange(1, 256)
    return bytes(content)


def check_log(caplog: pytest.LogCaptureFixture) -> None:
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []


@pytest.mark.slow
def test_flipped_bytes_are_refused_with_the_cure_or_harmless(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    found = {"refused": 0, "stopped at work": 0, "worked": 0, "silent": 0}
    starts = sized(200, 12)
    for seed in range(starts):
        damaged(tmp_path, flipped(world.sound, seed))
        try:
            rung = world.start(tmp_path, titles=[*LISTED, NEW])
        except StoreError as error:
            assert str(tmp_path / "wirebell.db") in str(error)  # noqa: PT017 - one of two ways to be right
            found["refused"] += 1
            continue
        check_log(caplog)
        assert set(rung) <= {NEW}, seed
        found["stopped at work" if any("damaged" in r.getMessage() for r in caplog.records) else "worked"] += 1
        found["silent"] += not rung
        caplog.clear()
    figures(f"{starts} databases of {len(world.sound) // 1024} KB with 20 flipped bytes", rung_twice=0, **found)
    assert found["refused"] >= starts / 4


@pytest.mark.slow
def test_a_page_of_zeros_is_refused_with_the_cure_or_harmless(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pages = len(world.sound) // 4096
    tried = sorted(random.Random(1).sample(range(pages), min(pages, sized(60, 4))))  # noqa: S311 - a test repeats itself
    refused = 0
    for page in tried:
        content = bytearray(world.sound)
        content[page * 4096 : (page + 1) * 4096] = bytes(4096)
        damaged(tmp_path, bytes(content))
        try:
            rung = world.start(tmp_path, titles=[*LISTED, NEW])
        except DamagedDatabase as error:
            assert str(error).endswith(RESTORE)  # noqa: PT017 - one of two ways to be right
            refused += 1
            continue
        check_log(caplog)
        assert set(rung) <= {NEW}, page
    figures(f"{len(tried)} databases with a page of zeros", refused=refused, rung_twice=0)
    assert refused >= len(tried) / 2


@pytest.mark.parametrize("kept", [100, 4096, 0.5, 0.98])  # its last page may be that of a table with nothing in it
def test_a_database_that_was_cut_off_is_refused_with_the_cure(world: World, tmp_path: Path, kept: float) -> None:
    size = kept if isinstance(kept, int) else int(kept * len(world.sound))
    file = damaged(tmp_path, world.sound[:size])
    with pytest.raises(DamagedDatabase, match="the database is damaged") as refused:
        world.start(tmp_path, titles=LISTED)
    assert str(refused.value).startswith(str(file))
    assert str(refused.value).endswith(RESTORE)


def test_a_file_of_something_else_is_refused_with_the_cure(world: World, tmp_path: Path) -> None:
    file = damaged(tmp_path, b"PK\x03\x04 not a database at all\n" * 300)
    with pytest.raises(DamagedDatabase, match="file is not a database") as refused:
        world.start(tmp_path, titles=LISTED)
    assert str(refused.value).endswith(RESTORE)
    assert file.read_bytes().startswith(b"PK\x03\x04")


def test_a_folder_in_the_place_of_the_database_is_refused(world: World, tmp_path: Path) -> None:
    (tmp_path / "wirebell.db").mkdir()
    with pytest.raises(StoreError, match=r"wirebell\.db: Is a directory; check the owner and the permissions"):
        world.start(tmp_path, titles=LISTED)


def test_a_database_of_a_newer_version_is_refused_with_the_cure(world: World, tmp_path: Path) -> None:
    file = damaged(tmp_path, world.sound)
    with closing(sqlite3.connect(file, isolation_level=None)) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match=r"written by a newer wirebell .*; upgrade wirebell"):
        world.start(tmp_path, titles=LISTED)


# --- a database that is gone, or of another day ------------------------------------------------------------------


@pytest.mark.parametrize("content", [None, b"", b"S"], ids=["none", "empty", "one byte"])
def test_without_its_database_a_known_feed_is_polled_for_the_first_time_and_rings_for_nothing(
    world: World, tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        damaged(tmp_path, content)
    assert world.start(tmp_path, titles=LISTED) == []
    assert world.start(tmp_path, titles=[*LISTED, NEW]) == [NEW]


def test_a_database_that_a_kill_left_is_whole(world: World, tmp_path: Path) -> None:
    damaged(tmp_path, world.file).with_name("wirebell.db-wal").write_bytes(world.wal)
    assert world.start(tmp_path, titles=[*LISTED, NEW]) == [NEW]


def test_a_database_whose_wal_was_deleted_after_a_kill_rings_for_nothing_again(world: World, tmp_path: Path) -> None:
    damaged(tmp_path, world.file)
    assert world.start(tmp_path, titles=LISTED) == []
    assert world.start(tmp_path, titles=[*LISTED, NEW]) == [NEW]


def test_a_backup_that_was_put_back_is_silent_on_what_it_knows_and_rings_for_what_is_new_to_it(
    world: World, tmp_path: Path
) -> None:
    """What rang since the backup rings again, under the ids it had, by which a receiver can tell."""
    damaged(tmp_path, world.backup)
    before = world.ids()
    rung = world.start(tmp_path, titles=LISTED, days=2)
    assert sorted(rung) == sorted(world.rung - world.rung_before) == sorted(ALL)
    assert world.ids() == before
    assert world.start(tmp_path, titles=LISTED, days=2) == []


def test_a_backup_of_which_the_feed_lists_nothing_new_is_silent(world: World, tmp_path: Path) -> None:
    damaged(tmp_path, world.backup)
    assert world.start(tmp_path, titles=[*BASELINE, *HALF], days=2) == []


def test_a_backup_that_was_put_beside_the_old_wal_is_refused_or_works_rightly(world: World, tmp_path: Path) -> None:
    damaged(tmp_path, world.backup).with_name("wirebell.db-wal").write_bytes(world.wal)
    try:
        rung = world.start(tmp_path, titles=[*LISTED, NEW])
    except DamagedDatabase as error:
        assert str(error).endswith(RESTORE)  # noqa: PT017 - one of two ways to be right
    else:
        assert set(rung) <= {NEW, *ALL}


# --- one row -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE alert SET body = '{\"kind' WHERE rule IS NOT NULL AND seq = (SELECT max(seq) FROM alert)",
        "UPDATE alert SET body = '[]' WHERE rule IS NOT NULL AND seq = (SELECT max(seq) FROM alert)",
        "UPDATE alert SET body = replace(body, '\"rule\"', '\"rume\"') WHERE seq = (SELECT max(seq) FROM alert)",
        "UPDATE alert SET body = CAST(x'ff' || body AS TEXT) WHERE seq = (SELECT max(seq) FROM alert)",
        "UPDATE alert SET id = 'zz' || id WHERE seq = (SELECT max(seq) FROM alert)",
    ],
    ids=["json", "list", "key", "bytes", "id"],
)
def test_an_alert_that_is_damaged_is_put_aside_with_its_reason_and_holds_up_no_other(
    world: World, tmp_path: Path, harm: str
) -> None:
    file = damaged(tmp_path, world.sound)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute(harm)
        other.execute(
            "UPDATE delivery SET state = 'queued', sent_at = NULL WHERE seq IN"
            " (SELECT seq FROM delivery ORDER BY seq DESC LIMIT 3)"
        )
    rung = world.start(tmp_path, titles=[*LISTED, NEW], days=0.01)
    assert len(rung) == 3
    assert NEW in rung
    with closing(sqlite3.connect(file)) as other:
        (aside,) = other.execute("SELECT reason FROM delivery WHERE state = 'undelivered'").fetchall()
    assert aside[0].startswith("what was kept of it is damaged")


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE item SET categories = '[\"', judge_due_at = 0 WHERE id = 25",
        "UPDATE item SET headline = CAST(x'ff' || headline AS TEXT), judge_due_at = 0 WHERE id = 25",
        "UPDATE item SET published = 9223372036854775807, judge_due_at = 0 WHERE id = 25",
        "UPDATE seen SET key = CAST(x'ff' || substr(key, 2) AS BLOB) WHERE item_id IN (3, 25)",
        "DELETE FROM seen WHERE item_id % 5 = 0",
        "UPDATE feed SET next_poll_at = 9223372036854775807, polled_at = -9223372036854775808",
        "UPDATE feed SET name = CAST(x'ff' || name AS TEXT)",
        "UPDATE config SET toml = CAST(x'ff' || toml AS TEXT)",
        "UPDATE channel SET paused_until = 9223372036854775807",
    ],
    ids=["categories", "headline", "published", "key", "keys", "times", "name", "config", "pause"],
)
def test_a_row_that_is_damaged_keeps_nothing_else_from_ringing(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture, harm: str
) -> None:
    file = damaged(tmp_path, world.sound)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute(harm)
    assert world.start(tmp_path, titles=[*LISTED, NEW]) == [NEW]
    check_log(caplog)


def spoil(file: Path, name: str) -> None:
    """Overwrite the first page of a table or an index under a running daemon."""
    with closing(sqlite3.connect(file)) as other:
        (page,) = other.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()
    with file.open("r+b") as content:
        content.seek((page - 1) * 4096)
        content.write(b"\xff" * 4096)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("UPDATE config SET loaded_at = loaded_at + 1")  # so that nobody goes by what was read before


async def test_a_message_whose_outcome_can_never_be_kept_is_sent_once_and_its_line_rests(
    house: House, wire: HttpServer, receiver: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    news = [{"guid": str(n), "title": f"Glacier report {n}"} for n in range(3)]
    wire.reply("/rss", Reply(body=rss([])), Reply(body=rss(news)))
    house.configure(
        f"""feeds.wire = {{ url = "{wire.url("/rss")}", interval = "5m" }}
        rules.road = "glacier"
        channels.desk = {{ webhook = "{receiver.reply("/hook", Reply(status=204))}", burst = false }}
        network.allow = ["127.0.0.0/8"]"""
    )
    await house.work()
    spoil(house.folder / "wirebell.db", "attempt_at")
    for _ in range(4):
        await house.after(minutes=6)
    assert len(receiver.received) == 1
    assert RESTORE in caplog.text
    assert house.pipeline
    assert "the database is damaged" in house.pipeline.trouble
