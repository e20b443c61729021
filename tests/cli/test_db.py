"""The database is copied, counted and pruned, without a daemon and beside one."""

from __future__ import annotations

import json
import os
import shlex
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.store import backup as backups
from monitor.store.database import Database
from tests.cli.home import CONFIG, Home, entry, rss
from tests.cli.test_contract_shapes import EXAMPLES, alike
from tests.daemon import Daemon
from tests.http_server import HttpServer, Reply

LONG_AGO = timedelta(days=100)


@pytest.fixture
def kept(home: Home) -> Home:
    """Return a home with twenty old items, two of which rang, and three new ones; all was delivered."""
    now = datetime.now(UTC)
    old = [entry(f"Quiet day {number}") for number in range(18)]
    home.store(*old, entry("Norvik opens a plant"), entry("Norvik closes it"), now=now - LONG_AGO)
    home.store(entry("Harbour strike goes on"), entry("Weather"), entry("Sports"), now=now)
    home.change(lambda tx: tx.exec_driver_sql("UPDATE delivery SET state = 'sent'"))
    return home


def document(home: Home, *arguments: str, code: int = 0) -> dict[str, object]:
    result = home.call("db", *arguments, "--json")
    assert result.exit_code == code, result.output
    found: dict[str, object] = json.loads(result.stdout)
    return found


def count(file: Path, table: str) -> int:
    with closing(sqlite3.connect(file)) as link:
        return int(link.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - a table of ours


# --- backup ------------------------------------------------------------------------------------------------------


def test_a_backup_is_a_whole_database_that_only_its_owner_may_read(kept: Home, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    result = kept.call("db", "backup", str(copy))
    assert result.exit_code == 0, result.output
    assert f"{copy}: " in result.stdout
    assert "looked through and whole: 23 items, 3 alerts" in result.stdout
    assert copy.stat().st_mode & 0o777 == 0o600
    assert (count(copy, "item"), count(copy, "alert"), count(copy, "config")) == (23, 3, 1)
    assert sorted(each.name for each in tmp_path.glob("copy*")) == ["copy.db"]


def test_a_backup_as_a_document(kept: Home, tmp_path: Path) -> None:
    found = document(kept, "backup", str(tmp_path / "copy.db"))
    alike(found, EXAMPLES["backup.v1"][0])
    assert found["bytes"] == (tmp_path / "copy.db").stat().st_size


def test_a_backup_replaces_a_file_only_when_told_to(kept: Home, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.write_text("precious")
    result = kept.call("db", "backup", str(copy))
    assert (result.exit_code, copy.read_text()) == (2, "precious")
    assert "is there already; name another file, or give --force" in result.stderr
    assert kept.call("db", "backup", str(copy), "--force").exit_code == 0
    assert count(copy, "item") == 23
    assert copy.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("wirebell.db", "belongs to the database itself"),
        ("wirebell.db-wal", "belongs to the database itself"),
        ("link.db", "belongs to the database itself"),
        ("folder", "is a folder; name a file in it"),
        ("nowhere/copy.db", "create it: mkdir -p "),
    ],
)
def test_a_backup_is_refused_where_it_would_do_harm(kept: Home, tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.db").symlink_to("wirebell.db")
    result = kept.call("db", "backup", str(tmp_path / name), "--force")
    assert result.exit_code == 2
    assert said in result.stderr
    assert count(tmp_path / "wirebell.db", "item") == 23


def test_a_copy_that_is_no_good_never_takes_the_place_of_one_that_is(
    kept: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copy.db"
    kept.call("db", "backup", str(copy))
    good = copy.read_bytes()

    def spoilt(database: Database, file: Path) -> None:
        copied(database, file)
        content = bytearray(file.read_bytes())
        content[len(content) // 2 :] = os.urandom(len(content) - len(content) // 2)
        file.write_bytes(content)

    copied = Database.copy_to
    monkeypatch.setattr(Database, "copy_to", spoilt)
    result = kept.call("db", "backup", str(copy), "--force")
    assert result.exit_code == 2
    assert "the copy is damaged" in result.stderr
    assert copy.read_bytes() == good
    assert sorted(each.name for each in tmp_path.glob("copy*")) == ["copy.db"]


def test_a_copy_that_lacks_rows_is_no_good(kept: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def short(database: Database, file: Path) -> None:
        copied(database, file)
        with closing(sqlite3.connect(file, isolation_level=None)) as link:
            link.execute("DELETE FROM seen")

    copied = Database.copy_to
    monkeypatch.setattr(Database, "copy_to", short)
    result = kept.call("db", "backup", str(tmp_path / "copy.db"))
    assert result.exit_code == 2
    assert "other rows in seen" in result.stderr
    assert not (tmp_path / "copy.db").exists()


def test_a_folder_that_cannot_be_written_is_said(kept: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(backups, "_synced", refused)
    result = kept.call("db", "backup", str(tmp_path / "copy.db"))
    assert result.exit_code == 2
    assert "Permission denied; nothing was written" in result.stderr
    assert list(tmp_path.glob("copy*")) == []


def test_what_a_backup_says_puts_it_back(kept: Home, tmp_path: Path) -> None:
    """The same words as those of a damaged database, typed into a shell."""
    folder = tmp_path / "with a space"
    folder.mkdir()
    found = document(kept, "backup", str(folder / "copy.db"))
    database = tmp_path / "wirebell.db"
    database.write_bytes(b"damaged" * 1000)
    damaged = kept.call("db", "stats")
    assert damaged.exit_code == 2
    restore = str(found["restore"])
    assert restore.replace(shlex.quote(str(folder / "copy.db")), "BACKUP") in damaged.stderr
    subprocess.run(["/bin/sh", "-c", restore], cwd=tmp_path, check=True)
    assert count(database, "item") == 23
    assert kept.call("alerts", "list").exit_code == 0


# --- stats -------------------------------------------------------------------------------------------------------


def test_stats_as_a_document(kept: Home) -> None:
    found = document(kept, "stats")
    alike(found, EXAMPLES["db.v1"][0])
    items, alerts = found["items"], found["alerts"]
    assert isinstance(items, dict)
    assert isinstance(alerts, dict)
    assert (items["count"], alerts["count"]) == (23, 3)
    assert items["oldest"] < items["newest"]
    deliveries = found["deliveries"]
    assert isinstance(deliveries, dict)
    assert {state: number for state, number in deliveries.items() if number} == {"sent": 3}
    assert found["feeds"] == [{"name": "wire", "items": 23, "share": 1.0}, {"name": "slow", "items": 0, "share": 0.0}]
    assert found["keep"] == {"items": "90d", "alerts": "2y", "size": None}
    assert found["next"] == {"items": 20, "for_room": 0, "alerts": 0, "seen": 0, "records": 1, "configs": 0}


def test_stats_for_people(kept: Home) -> None:
    kept.write('keep = { items = "1y", size = "10MB" }\n' + CONFIG)
    lines = kept.call("db", "stats").stdout.splitlines()
    assert lines[0].startswith("wirebell.db: ")
    assert [line.split()[:2] for line in lines if line.startswith(("items", "wire "))] == [
        ["items", "23"],
        ["wire", "23"],
    ]
    assert "Deliveries: 3 sent" in lines
    assert lines[-2:] == ["Kept: items 1y, alerts 2y, size 10 MB", "Next to go: nothing"]


# --- prune -------------------------------------------------------------------------------------------------------


def test_a_dry_run_says_what_would_go_and_drops_nothing(kept: Home, tmp_path: Path) -> None:
    assert kept.call("db", "prune", "--dry-run").stdout == "Would go: 20 items, 1 record\n"
    assert count(tmp_path / "wirebell.db", "item") == 23


def test_what_was_kept_long_enough_goes_and_its_alerts_can_still_be_read(kept: Home, tmp_path: Path) -> None:
    found = document(kept, "prune")
    alike(found, EXAMPLES["prune.v1"][0])
    assert (found["items"], found["dry_run"]) == (20, False)
    assert count(tmp_path / "wirebell.db", "item") == 3
    assert "Norvik opens a plant" in kept.call("alerts", "list").stdout
    assert kept.call("db", "prune").stdout.startswith("Gone: nothing; 0 kB went back to the disk")


def test_a_database_that_stays_too_large_is_a_finding(kept: Home) -> None:
    kept.write('keep = { size = "10MB" }\n' + CONFIG)
    kept.change(
        lambda tx: tx.exec_driver_sql("UPDATE item SET text = hex(randomblob(3000000)) WHERE headline != 'Sports'")
    )
    about = kept.call("db", "prune", "--dry-run").stdout
    assert about == "Would go: 20 items, 1 record\n"
    result = kept.call("db", "prune")
    assert result.exit_code == 1
    assert "Gone: 20 items, 1 record; " in result.stdout
    assert "more than keep.size, 10 MB: 0 of its oldest items went before their time and still has 12" in result.stderr


@pytest.mark.parametrize("command", [["stats"], ["prune"], ["backup", "copy.db"]])
def test_a_database_of_another_version_is_refused_with_the_cure(kept: Home, command: list[str]) -> None:
    kept.change(lambda tx: tx.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'"))
    result = kept.call("db", *command)
    assert result.exit_code == 2
    assert "its tables are of version 0001" in result.stderr
    assert "start wirebell to upgrade them" in result.stderr


# --- beside a daemon ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_beside_a_daemon_all_of_it_works_and_the_next_item_still_rings(kept: Home, tmp_path: Path) -> None:
    with HttpServer() as server:
        server.reply("/rss", Reply(body=rss("Norvik opens a plant", "Quiet day")))
        address = server.url("/rss")
        kept.write(
            f'timezone = "UTC"\nfeeds.wire = {{ url = "{address}", interval = "1s" }}\nrules.norvik = "Norvik"\n'
            'channels.desk = "console:"\nnetwork.allow = ["127.0.0.0/8"]\npolling.min_interval = "1s"\n'
        )
        with Daemon(tmp_path) as daemon:
            daemon.wait_until_it_says("The next match rings at once.")
            assert kept.call("db", "backup", str(tmp_path / "copy.db")).exit_code == 0
            assert document(kept, "prune")["items"] == 20
            assert document(kept, "stats")["next"] == {
                "items": 0,
                "for_room": 0,
                "alerts": 0,
                "seen": 0,
                "records": 0,
                "configs": 0,
            }
            server.reply("/rss", Reply(body=rss("Norvik opens a plant", "Quiet day", "Norvik sells it")))
            daemon.wait_until_it_says("Norvik sells it")
            assert not daemon.has_ended
    assert count(tmp_path / "copy.db", "item") >= 23
