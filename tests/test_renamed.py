"""A key that was renamed is understood for a year under its old name, with a warning, and is a fault afterwards."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command

from monitor import config
from monitor.cli import invocation
from monitor.config import renamed
from monitor.config.renamed import RENAMED, Renamed
from monitor.errors import ConfigError
from monitor.feed import Pace
from monitor.loading import load_or_last_good
from monitor.store import configs, database, records
from monitor.store.database import Database
from tests.cli.home import Home

DAY = date(2026, 11, 24)
LAST = date(2027, 11, 23)
REST = """[feeds]
un = "https://un.example/rss.xml"
[channels]
desk = "console:"
"""
ROAD = '[rules.road]\nmatch = "glacier"\n'
OLD = f"""{REST}{ROAD}unless = "football"
[polling]
concurrency = 7
longest = "2h"
"""


@pytest.fixture(autouse=True)
def _renamed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that might have been renamed."""
    table = (
        Renamed(old="polling.longest", new="polling.max_interval", on=DAY),
        Renamed(old="rules.*.unless", new="rules.*.except", on=DAY),
        Renamed(old="zone", new="timezone", on=DAY),
        Renamed(old="loglevel", new="log.level", on=DAY),
    )
    monkeypatch.setattr(renamed, "RENAMED", table)


def load(folder: Path, text: str, today: date = DAY, **more: str) -> config.Config:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    for name, part in more.items():
        (folder / f"{name}.toml").write_text(part, encoding="utf-8")
    return config.load(path, environment={}, today=today)


def faults(folder: Path, text: str, today: date = DAY, **more: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        load(folder, text, today, **more)
    return [str(fault).removeprefix(f"{folder}/") for fault in refused.value.faults]


def test_what_the_table_names_exists_and_is_read_after_it() -> None:
    assert not {each.old.partition(".")[0] for each in RENAMED} & {"include", "database"}
    assert len({each.old for each in RENAMED}) == len(RENAMED)


@pytest.mark.parametrize("today", [DAY, LAST])
def test_an_old_name_is_understood_for_a_year_with_a_warning(tmp_path: Path, today: date) -> None:
    loaded = load(tmp_path, OLD, today)
    assert loaded.pace == Pace(min_interval=timedelta(seconds=30), max_interval=timedelta(hours=2))
    assert loaded.watches == load(tmp_path, OLD.replace("unless", "except")).watches
    assert [str(warning).removeprefix(f"{tmp_path}/") for warning in loaded.warnings] == [
        f"config.toml:{place} since 2026-11-24; write that; until 2027-11-24 both are understood"
        for place in (
            "7: rules.road.unless: is called rules.road.except",
            "10: polling.longest: is called polling.max_interval",
        )
    ]


def test_after_a_year_an_old_name_is_a_fault_and_hides_no_other(tmp_path: Path) -> None:
    assert faults(tmp_path, OLD.replace("7", "0"), LAST + timedelta(days=1)) == [
        "config.toml:7: rules.road.unless: is called rules.road.except since 2026-11-24; write that",
        "config.toml:9: polling.concurrency: expected at least 1, found the number 0",
        "config.toml:10: polling.longest: is called polling.max_interval since 2026-11-24; write that",
    ]


def test_both_names_at_once_are_a_fault(tmp_path: Path) -> None:
    assert faults(tmp_path, f'{OLD}max_interval = "3h"\n') == [
        "config.toml:10: polling.longest: stands beside polling.max_interval, its new name; keep one of the two"
    ]


def test_a_wrong_value_under_an_old_name_is_told_with_its_line(tmp_path: Path) -> None:
    assert faults(tmp_path, OLD.replace('"2h"', "[]")) == [
        'config.toml:10: polling.max_interval: expected a duration, found a list; write such as "5m"'
    ]


def test_a_key_may_move_to_the_top_from_another_name_or_into_a_table(tmp_path: Path) -> None:
    loaded = load(tmp_path, f'zone = "Europe/Berlin"\nloglevel = "debug"\n{REST}{ROAD}')
    assert (loaded.zone_name, loaded.log.level) == ("Europe/Berlin", "debug")
    assert len(loaded.warnings) == 2


def test_a_table_that_is_none_is_the_one_fault(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, f'loglevel = "debug"\nlog = 3\n{REST}{ROAD}')
    assert fault.startswith("config.toml:2: log: expected a table")


def test_an_old_name_in_an_included_file_is_told_with_that_file(tmp_path: Path) -> None:
    loaded = load(tmp_path, f'include = "more.toml"\n{REST}', more=f'{ROAD}unless = "football"\n')
    (warning,) = loaded.warnings
    assert str(warning).startswith(f"{tmp_path}/more.toml:3: rules.road.unless: is called rules.road.except")


def test_a_short_form_and_a_name_of_the_users_are_left_alone(tmp_path: Path) -> None:
    assert load(tmp_path, f'{REST}[rules]\nunless = "glacier"\n').warnings == ()


def test_what_was_kept_is_understood_however_old_it_is(tmp_path: Path) -> None:
    loaded = load(tmp_path, OLD)
    again = config.kept(loaded.toml, loaded.path, environment={})
    assert (again.watches, again.pace) == (loaded.watches, loaded.pace)


def test_check_warns_of_an_old_name_and_after_a_year_refuses_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(path=tmp_path / "config.toml")
    home.path.write_text(f'zone = "UTC"\n{REST}{ROAD}', encoding="utf-8")
    for years, code, said in ((0, 0, "warning: "), (1, 1, "")):
        moment = datetime(2026 + years, 11, 24, tzinfo=UTC)
        monkeypatch.setattr(invocation, "now", lambda moment=moment: moment)
        result = home.call("check")
        assert result.exit_code == code, result.output
        assert result.stdout.startswith(f"{said}{home.path}:1: zone: is called timezone since 2026-11-24")


# --- the last good config --------------------------------------------------------------------------------------------


def keep(folder: Path, toml: str) -> Path:
    """Keep a config as the last good one, beside a file that cannot be used; return the file."""
    kept = Database.open(f"sqlite:///{folder / 'wirebell.db'}")
    kept.write_now(lambda tx: configs.record(tx, "0" * 64, toml, datetime(2026, 11, 24, tzinfo=UTC)))
    kept.close()
    path = folder / "config.toml"
    path.write_text(f"polling.patience = 3\n{REST}{ROAD}", encoding="utf-8")
    return path


def test_a_last_good_config_of_old_names_still_starts(tmp_path: Path) -> None:
    loaded, refused = load_or_last_good(keep(tmp_path, OLD), {}, LAST + timedelta(days=999))
    assert loaded.pace.max_interval == timedelta(hours=2)
    assert refused is not None


def test_a_last_good_config_with_an_unknown_key_refuses_the_start_with_the_faults_of_both(tmp_path: Path) -> None:
    path = keep(tmp_path, f'{OLD}whence = "tomorrow"\n')
    with pytest.raises(ConfigError) as refused:
        load_or_last_good(path, {}, DAY)
    file, kept = str(refused.value).splitlines()
    assert file.startswith(f"{path}:1: polling.patience: unknown key")
    assert kept.startswith("last good config.toml:11: polling.whence: unknown key")


def test_a_last_good_config_is_found_in_a_database_of_the_version_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        upgrade = command.upgrade
        before.setattr(command, "upgrade", lambda alembic, _: upgrade(alembic, "0001"))
        before.setattr(database, "HEAD", "0001")
        before.setattr(database.Database, "_check_columns", lambda _: None)  # those of its own time
        before.setattr(records, "add", lambda tx, facts: None)  # noqa: ARG005 - it kept no evidence yet
        path = keep(tmp_path, OLD)
    loaded, _ = load_or_last_good(path, {}, DAY)
    assert loaded.pace.max_interval == timedelta(hours=2)
