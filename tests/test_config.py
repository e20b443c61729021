"""A configuration is used whole or not at all: every fault is told with its line and its cure."""

from __future__ import annotations

import re
import time
import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import config
from monitor.alert import Priority
from monitor.channel import Console, Mail, Security, Service, Template, Webhook
from monitor.config import Config, Level, Log, LogFormat, Polling, build, watches
from monitor.config.lines import lines
from monitor.config.reference import TABLES
from monitor.config.schema import Named, Table, TermTable
from monitor.config.source import LIMIT
from monitor.errors import ConfigError
from monitor.feed import FullText, Pace, Window
from monitor.hours import Quiet, Times
from monitor.limit import Burst
from monitor.rule import Rule, RuleTest, compile_rule
from monitor.sheet import Form
from tests.conftest import ROOT

FAULTS = ROOT / "tests" / "config_faults"

FEEDS = '[feeds]\nun = "https://un.example/rss.xml"\n'
RULES = '[rules]\nnato = "NATO security guarantees"\n'
CHANNELS = '[channels]\ndesk = "console:"\n'


def files(folder: Path, **texts: str) -> None:
    """Write files; ``rules_toml`` is rules.toml. None but their owner may read them."""
    for name, text in texts.items():
        path = folder / name.replace("_", ".")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Config]:
    """Return what loads a config of the given parts, the rest of it being plain."""

    def loaded(
        top: str = "", *, feeds: str = FEEDS, rules: str = RULES, channels: str = CHANNELS, more: str = "", **env: str
    ) -> Config:
        files(tmp_path, config_toml=f"{top}\n{feeds}\n{rules}\n{channels}\n{more}")
        return config.load(tmp_path / "config.toml", environment=env)

    return loaded


Load = Callable[..., Config]


def said(warned: Config) -> list[str]:
    return [str(warning).partition("config.toml:")[2] for warning in warned.warnings]


# --- faults ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(path.stem for path in FAULTS.glob("*.toml")))
def test_every_fault_is_told_with_its_line_and_its_cure(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FAULTS)
    with pytest.raises(ConfigError) as refused:
        config.load(Path(f"{name}.toml"), environment={"EMPTY": " "})
    assert f"{refused.value}\n" == (FAULTS / f"{name}.txt").read_text(encoding="utf-8")


def test_no_fault_ever_shows_a_secret() -> None:
    assert any("hunter2" in path.read_text() for path in FAULTS.glob("*.toml"))
    assert not any("hunter2" in path.read_text() for path in FAULTS.glob("*.txt"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "nowhere.toml",
            "nowhere.toml: there is no such file; name the config with -c FILE, or let wirebell init write one",
        ),
        ("folder", "folder: cannot be read: Is a directory"),
        ("latin.toml", "latin.toml:2: is not UTF-8 text; save it as UTF-8"),
        ("huge.toml", "huge.toml: is larger than 16 MiB"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_fault(
    name: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("latin.toml").write_bytes(b'[feeds]\n"Z\xfcrich" = "https://zurich.example"\n')
    Path("huge.toml").write_bytes(b"#" * (LIMIT + 1))
    with pytest.raises(ConfigError) as refused:
        config.load(Path(name), environment={})
    assert str(refused.value) == said


BOMBS = {
    "nested lists": "a = " + "[" * 100_000,
    "nested tables": "a = " + "{a = " * 100_000,
    "key of many parts": "a." * 100_000 + "a = 1",
    "heading of many parts": "[" + "a." * 100_000 + "a]",
    "key of many parts in a table": "x = { " + "a . " * 100_000 + "a = 1 }",
    "number of many digits": "a = " + "9" * 100_000,
    "huge number for a key": "a = 0x" + "f" * 100_000,
    "huge number for a count": "polling.concurrency = 0x" + "f" * 100_000,
    "huge number for a duration": "polling.timeout = 0x" + "f" * 100_000,
    "no number": "polling.timeout = nan",
    "no end": "polling.concurrency = -inf",
    "long word": "a" * 1_000_000,
    "long text": '"' + "a" * 1_000_000,
    "long dotted text": "x = '" + "a." * 500_000 + "'",
    "quotes": "'\"" * 200_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_a_fault_within_a_second(name: str, load: Load) -> None:
    began = time.monotonic()
    with pytest.raises(ConfigError):
        load(BOMBS[name])
    assert time.monotonic() - began < 1


# --- warnings --------------------------------------------------------------------------------------------------------


SECRET_INSIDE = "a secret stands in the config itself; move it to a file, and name that as"


def test_a_plain_config_is_without_warnings(load: Load) -> None:
    assert load().warnings == ()


@pytest.mark.parametrize(
    ("channel", "warning"),
    [
        (
            '"tgram://123456789:hunter2hunter2/42"',
            f"9: channels.desk: {SECRET_INSIDE} url_file",
        ),
        (
            '"ssyslog://anna:hunter2@log.example"',
            f"9: channels.desk: {SECRET_INSIDE} url_file",
        ),
        (
            '{ webhook = "https://hook.example", secret = "whsec_aHVudGVyMg==" }',
            f"9: channels.desk.secret: {SECRET_INSIDE} secret_file",
        ),
        (
            '{ webhook = "https://hook.example/services/T0hunter2/B0hunter2hunter2" }',
            f"9: channels.desk.webhook: {SECRET_INSIDE} webhook_file",
        ),
        (
            '{ to = "a@bank.example", smtp = "smtp.bank.example", user = "a", password = "hunter2" }',
            f"9: channels.desk.password: {SECRET_INSIDE} password_file",
        ),
        (
            '{ to = "a@b.example", smtp = "b.example", user = "a", password_env = "PW", security = "none" }',
            '9: channels.desk.security: the password goes over the network in clear; write "starttls"',
        ),
        (
            '{ url = "console:", wake = "high" }',
            '9: channels.desk.wake: has no effect without quiet, digest or escalate; add quiet = "22:00-07:00"',
        ),
        (
            '{ url = "console:", escalate_after = "5m" }',
            '9: channels.desk.escalate_after: has no effect without escalate; add escalate = "boss"',
        ),
    ],
)
def test_what_may_be_meant_is_a_warning(channel: str, warning: str, load: Load) -> None:
    warned = load(channels=f"[channels]\ndesk = {channel}", PW="hunter2")
    assert said(warned) == [warning]
    assert "hunter2" not in repr(warned.warnings)


@pytest.mark.parametrize("address", ["console:", "syslog://", "ntfy://newsroom", "json://hooks.bank.example/alerts"])
def test_an_address_without_a_secret_is_not_warned_of(address: str, load: Load) -> None:
    assert load(channels=f'[channels]\ndesk = "{address}"').warnings == ()


def test_a_secret_that_anybody_can_read_is_warned_of(load: Load, tmp_path: Path) -> None:
    files(tmp_path, desk_url="console:")
    (tmp_path / "desk.url").chmod(0o644)
    path = tmp_path / "desk.url"
    assert said(load(channels='[channels]\ndesk = { url_file = "desk.url" }')) == [
        f"9: channels.desk.url_file: anybody on this machine can read {path}; chmod o-r {path}"
    ]


def test_a_rule_may_have_a_remark(load: Load) -> None:
    (warning,) = load(rules='[rules]\nus = "US"').warnings
    assert (warning.line, warning.key) == (6, "rules.us")


@pytest.mark.parametrize(
    ("top", "zone", "warned"),
    [("", "UTC", True), ("", "Etc/UTC", True), ("", "Europe/Berlin", False), ('timezone = "UTC"', "UTC", False)],
)
def test_quiet_hours_in_the_utc_of_a_machine_that_was_never_told_its_zone_are_warned_of(
    *, top: str, zone: str, warned: bool, load: Load
) -> None:
    loaded = load(top, channels='[channels]\ndesk = { url = "console:", quiet = "22:00-07:00" }', TZ=zone)
    assert [warning.key for warning in loaded.warnings] == (["channels.desk.quiet"] if warned else [])


# --- what is loaded --------------------------------------------------------------------------------------------------


def test_what_is_left_out_has_a_default(load: Load, tmp_path: Path) -> None:
    loaded = load()
    (feed,) = loaded.feeds
    assert (feed.name, feed.url) == ("un", "https://un.example/rss.xml")
    assert (feed.interval, feed.full_text, feed.catch_up) == (None, FullText.AUTO, timedelta(0))
    assert (feed.tags, feed.language, feed.enabled) == ((), None, True)
    (watch,) = loaded.watches
    assert (watch.name, watch.feeds, watch.notify, watch.priority) == ("nato", (), (), Priority.NORMAL)
    (channel,) = loaded.channels
    assert (channel.name, channel.target, channel.default, channel.quiet) == ("desk", Console(), True, None)
    assert channel.wake is Priority.URGENT
    assert loaded.pace == Pace(min_interval=timedelta(seconds=30), max_interval=timedelta(hours=1))
    assert loaded.polling == Polling(concurrency=50, per_host=2, timeout=timedelta(seconds=30))
    assert (loaded.allow, loaded.notices) == ((), ("desk",))
    assert loaded.log == Log(level=Level.INFO, format=LogFormat.TEXT)
    assert loaded.path == tmp_path / "config.toml"
    assert loaded.database == f"sqlite:///{tmp_path}/wirebell.db"
    assert loaded.database_name == "wirebell.db"


def test_what_is_said_holds(load: Load, tmp_path: Path) -> None:
    loaded = load(
        'timezone = "Europe/Kyiv"\ndatabase = "sqlite:////var/lib/wire/bell.db"',
        feeds='[feeds.un]\nurl = "https://un.example/rss.xml"\ninterval = "10s"\ntags = ["wire", "wire", "un"]\n'
        'full_text = "always"\nlanguage = "pt-BR"\ncatch_up = "6h"\n'
        '[feeds]\nbbc = { url = "https://bbc.example/rss.xml", enabled = false }\n',
        rules='[rules.nato]\nmatch = ["NATO", "НАТО"]\nexcept = "football"\nprecision = "precise"\nwhere = "lead"\n'
        'feeds = ["tag:w*", "bbc"]\nnotify = ["mail", "desk", "mail"]\npriority = "high"\nnote = "for Kyiv"\n'
        'trial = true\ntests = [{ text = "NATO meets" }, { headline = "a", lead = "b", match = false }]\n',
        channels='[channels]\ndesk = { url = "console:", default = true, quiet = "22:00-07:00", wake = "high" }\n'
        'mail = { to = "anna@bank.example", smtp = "smtp.bank.example" }\n',
        more='[polling]\nmin_interval = "5s"\nmax_interval = "2h"\ntimeout = "20s"\nconcurrency = 3\nper_host = 1\n'
        'full_text = "never"\ncatch_up = "1h"\n[network]\nallow = ["127.0.0.0/8", "::1"]\n'
        '[health]\nnotify = ["mail"]\n[log]\nlevel = "debug"\nformat = "json"\n',
    )
    un, bbc = loaded.feeds
    assert (un.interval, un.tags, un.full_text, un.language) == (
        timedelta(seconds=10),
        ("wire", "un"),
        FullText.ALWAYS,
        "pt-BR",
    )
    assert (un.catch_up, bbc.catch_up, bbc.full_text, bbc.enabled) == (
        timedelta(hours=6),
        timedelta(hours=1),
        FullText.NEVER,
        False,
    )
    (watch,) = loaded.watches
    assert watch.rule.sources == ("NATO", "НАТО")
    assert (watch.rule.how.precision, watch.rule.how.where) == ("precise", "lead")
    assert watch.rule.how.except_ is not None
    assert (watch.feeds, watch.notify) == (("tag:w*", "bbc"), ("mail", "desk"))
    assert (watch.priority, watch.note, watch.trial) == (Priority.HIGH, "for Kyiv", True)
    assert watch.tests == (RuleTest(text="NATO meets"), RuleTest(headline="a", lead="b", match=False))
    desk, mail = loaded.channels
    assert (desk.default, desk.quiet, desk.wake) == (True, Quiet.parse("22:00-07:00"), Priority.HIGH)
    assert not mail.default
    assert loaded.pace == Pace(min_interval=timedelta(seconds=5), max_interval=timedelta(hours=2))
    assert loaded.polling == Polling(concurrency=3, per_host=1, timeout=timedelta(seconds=20))
    assert loaded.allow == (ip_network("127.0.0.0/8"), ip_network("::1"))
    assert (loaded.notices, loaded.log) == (("mail",), Log(level=Level.DEBUG, format=LogFormat.JSON))
    assert (loaded.zone, loaded.zone_name) == (ZoneInfo("Europe/Kyiv"), "Europe/Kyiv")
    assert (loaded.database, loaded.database_name) == ("sqlite:////var/lib/wire/bell.db", "/var/lib/wire/bell.db")
    assert loaded.files == (tmp_path / "config.toml", tmp_path / "feeds.d" / "added.toml")


def test_a_rule_is_read_in_the_languages_of_the_feeds_it_watches(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    told = []

    def compiling(*rule: Any, languages: tuple[str, ...], **keys: Any) -> Rule:  # noqa: ANN401 - handed on as they are
        told.append(languages)
        return compile_rule(*rule, languages=languages, **keys)

    monkeypatch.setattr(watches, "compile_rule", compiling)
    load(
        feeds='[feeds]\na = { url = "https://a.example", language = "ru" }\n'
        'b = { url = "https://b.example", language = "en-GB" }\nc = "https://c.example"\n',
        rules='[rules]\nall = "NATO"\none = { match = "NATO", feeds = "b" }\n',
    )
    assert told == [("en", "ru"), ("en",)]


def test_a_rule_may_name_a_list_of_terms(load: Load) -> None:
    loaded = load(rules='[rules]\nnato = "@nato guarantees"', more='[terms]\nnato = ["NATO", "alliance"]\none = "x"')
    assert [watch.name for watch in loaded.watches] == ["nato"]


def test_a_config_with_a_bom_and_windows_line_ends_is_fine(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf" + (FEEDS + RULES + CHANNELS).replace("\n", "\r\n").encode())
    assert len(config.load(path, environment={}).feeds) == 1


def test_a_fault_that_is_found_later_has_its_place(load: Load, tmp_path: Path) -> None:
    files(tmp_path, more_toml='[channels]\nchat = { url = "json://chat.example", default = true }\n')
    loaded = load('include = "more.toml"')
    fault = loaded.fault("channels", "chat", message="there is no such service", cure="look at the scheme")
    assert str(fault) == f"{tmp_path}/more.toml:2: channels.chat: there is no such service; look at the scheme"
    assert loaded.fault("channels", "desk", message="x").line == 9


# --- mail, webhooks and secrets --------------------------------------------------------------------------------------


def target(load: Load, table: str, **environment: str) -> object:
    return load(channels=f"[channels.desk]\n{table}", **environment).channels[0].target


def test_mail_needs_no_more_than_receivers_and_a_server(load: Load) -> None:
    assert target(
        load, 'to = ["a@bank.example", "b@bank.example", "a@bank.example"]\nsmtp = "mx.bank.example"'
    ) == Mail(
        to=("a@bank.example", "b@bank.example"),
        smtp="mx.bank.example",
        port=587,
        security=Security.STARTTLS,
        sender="wirebell@bank.example",
    )


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_port_of_a_mail_server_follows_from_its_security(security: str, port: int, load: Load) -> None:
    mail = target(load, f'to = "a@bank.example"\nsmtp = "127.0.0.1"\nsecurity = "{security}"')
    assert isinstance(mail, Mail)
    assert (mail.security, mail.port) == (security, port)


@pytest.mark.parametrize(
    ("keys", "sender"),
    [
        ('user = "bot"\npassword_env = "PW"', "wirebell@bank.example"),
        ('user = "bot@post.example"\npassword_env = "PW"', "bot@post.example"),
        ('user = "bot@post.example"\npassword_env = "PW"\nfrom = "news@bank.example"', "news@bank.example"),
    ],
)
def test_the_sender_of_mail_is_the_one_who_logs_in_unless_it_is_named(keys: str, sender: str, load: Load) -> None:
    mail = target(load, f'to = "a@bank.example"\nsmtp = "smtp.bank.example"\nport = 2525\n{keys}', PW="hunter2")
    assert isinstance(mail, Mail)
    assert (mail.sender, mail.port, mail.password) == (sender, 2525, "hunter2")


def test_a_webhook_may_sign(load: Load, tmp_path: Path) -> None:
    files(tmp_path, hook_secret="whsec_aHVudGVyMg==\n")
    signed = target(load, 'webhook = "https://hook.example/x"\nsecret_file = "hook.secret"')
    assert signed == Webhook(url="https://hook.example/x", secret="whsec_aHVudGVyMg==")
    assert target(load, 'webhook = "http://hook.example"') == Webhook(url="http://hook.example")


@pytest.mark.parametrize("key", ["webhook_file", "webhook_env"])
def test_the_address_of_a_webhook_may_be_kept_elsewhere(key: str, load: Load, tmp_path: Path) -> None:
    files(tmp_path, HOOK="https://hook.example/T0hunter2hunter2\n")
    loaded = load(channels=f'[channels]\ndesk = {{ {key} = "HOOK" }}', HOOK=" https://hook.example/T0hunter2hunter2 ")
    assert loaded.channels[0].target == Webhook(url="https://hook.example/T0hunter2hunter2")
    assert loaded.warnings == ()
    assert "hunter2" not in loaded.toml


def test_a_secret_comes_from_the_environment_without_the_white_space_around_it(load: Load) -> None:
    assert target(load, 'url_env = "DESK"', DESK=" ntfy://newsroom\n") == Service(url="ntfy://newsroom")


def test_a_secret_comes_from_a_file_beside_the_config_which_is_watched(load: Load, tmp_path: Path) -> None:
    files(tmp_path, desk_url="ntfy://newsroom\n")
    loaded = load(channels='[channels]\ndesk = { url_file = "desk.url" }')
    assert loaded.channels[0].target == Service(url="ntfy://newsroom")
    assert loaded.files == (tmp_path / "config.toml", tmp_path / "feeds.d" / "added.toml", tmp_path / "desk.url")


def test_a_credential_of_systemd_comes_before_a_file_beside_the_config(load: Load, tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    files(credentials, desk_url="ntfy://newsroom")
    files(tmp_path, desk_url="ntfy://elsewhere")
    found = target(load, 'url_file = "desk.url"', CREDENTIALS_DIRECTORY=str(credentials))
    assert found == Service(url="ntfy://newsroom")


def test_a_secret_that_is_nowhere_names_every_place_that_was_tried(load: Load, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        target(load, 'url_file = "desk.url"', CREDENTIALS_DIRECTORY="/run/credentials/bell")
    assert f"no such file: /run/credentials/bell/desk.url or {tmp_path}/desk.url; " in str(refused.value)


def test_a_config_shows_no_secret(load: Load) -> None:
    loaded = load(
        channels='[channels]\na = { url = "tgram://1:hunter2/4", default = true }\n'
        'b = { webhook = "https://hunter2.example", secret = "whsec_hunter2" }\n'
        'c = { to = "a@bank.example", smtp = "bank.example", user = "a", password = "hunter2" }\n'
    )
    assert "hunter2" in loaded.toml
    assert "hunter2" not in repr(loaded)


# --- files -----------------------------------------------------------------------------------------------------------


def test_a_config_may_be_of_many_files(load: Load, tmp_path: Path) -> None:
    (tmp_path / "rules.d").mkdir()
    files(
        tmp_path / "rules.d", b_toml='[rules]\nports = "port strike"\n', a_toml='[terms]\nport = ["port", "harbour"]\n'
    )
    files(tmp_path / "rules.d", **{"_#c_toml": "left by an editor", "notes_txt": "not a rule"})
    files(tmp_path, more_toml='include = "deep/*.toml"\n[feeds]\nbbc = "https://bbc.example/rss.xml"\n')
    (tmp_path / "deep").mkdir()
    files(
        tmp_path / "deep",
        chat_toml='[channels]\nchat = { url_file = "chat.url", default = true }\n',
        chat_url="console:",
    )
    loaded = load(f'include = ["rules.d/*.toml", "{tmp_path}/more.toml", "more.toml"]')
    assert [watch.name for watch in loaded.watches] == ["nato", "ports"]
    assert [feed.name for feed in loaded.feeds] == ["un", "bbc"]
    assert [channel.name for channel in loaded.channels] == ["desk", "chat"]
    named = [
        "config.toml",
        "rules.d/a.toml",
        "rules.d/b.toml",
        "more.toml",
        "deep/chat.toml",
        "rules.d",
        "deep",
        "feeds.d/added.toml",
        "deep/chat.url",
    ]
    assert loaded.files == tuple(tmp_path / name for name in named)


def test_a_broad_pattern_passes_over_what_may_not_be_looked_at(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(_: Path) -> bool:
        raise PermissionError

    monkeypatch.setattr(Path, "is_file", forbidden)
    with pytest.raises(ConfigError, match="matches no file"):
        load('include = ["*.toml"]')


def test_a_file_that_includes_itself_is_a_fault(load: Load) -> None:
    with pytest.raises(ConfigError, match=r"config\.toml is being read already"):
        load('include = ["*.toml"]')


def test_a_config_can_be_made_again_from_the_text_that_is_kept(load: Load, tmp_path: Path) -> None:
    files(tmp_path, more_toml='[rules]\nports = "port strike"\n')
    loaded = load('include = "more.toml"')
    (tmp_path / "config.toml").write_text("broken = ")
    (tmp_path / "more.toml").unlink()
    again = config.kept(loaded.toml, loaded.path, environment={})
    assert [watch.name for watch in again.watches] == ["nato", "ports"]
    assert (again.toml, again.sha256, again.files) == (loaded.toml, loaded.sha256, loaded.files)


def test_another_text_has_another_hash(load: Load, tmp_path: Path) -> None:
    files(tmp_path, more_toml='[rules]\nports = "port strike"\n')
    before = load('include = "more.toml"').sha256
    files(tmp_path, more_toml='[rules]\nports = "harbour strike"\n')
    assert load('include = "more.toml"').sha256 != before


# --- zones -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "link", "name", "zone"),
    [
        ({"TZ": "Asia/Tokyo"}, "Europe/Kyiv", "Europe/Rome", "Asia/Tokyo"),
        ({"TZ": ":Asia/Tokyo"}, "Europe/Kyiv", "", "Asia/Tokyo"),
        ({"TZ": "Nowhere/Town"}, "Europe/Kyiv", "", "Europe/Kyiv"),
        ({"TZ": "../zone"}, "Europe/Kyiv", "", "Europe/Kyiv"),
        ({}, "Europe/Kyiv", "Europe/Rome", "Europe/Kyiv"),
        ({}, "", "Europe/Rome", "Europe/Rome"),
        ({}, "", "", "UTC"),
    ],
)
def test_the_zone_is_the_machines_where_none_is_named(  # noqa: PLR0913 - what a machine may say
    *,
    environment: dict[str, str],
    link: str,
    name: str,
    zone: str,
    load: Load,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(build, "_LINK", tmp_path / "localtime")
    monkeypatch.setattr(build, "_NAME", tmp_path / "timezone")
    if link:
        (tmp_path / "localtime").symlink_to(f"/usr/share/zoneinfo/{link}")
    if name:
        (tmp_path / "timezone").write_text(f"{name}\n")
    assert load(**environment).zone_name == zone


# --- lines -----------------------------------------------------------------------------------------------------------

TOML = r'''# a comment with "quotes" and [brackets]
title = """
two [lines]
""\"
""" # = not a key
[feeds]
un.url = "a \" b # c"
un."tag.s" = [ # [
  'x\', "]",
  """
]""",
  { a = 1, "b c" = [ { d = 2 } ] },
]
bbc = { url = "x", n = 1979-05-27 07:32:00Z, f = 1.5e+3 }
[[ feeds . "late" ]]
a = """'"""
"" = true'''


def test_each_key_and_each_element_has_its_line() -> None:
    assert lines(TOML) == {
        ("title",): 2,
        ("feeds",): 6,
        ("feeds", "un"): 7,
        ("feeds", "un", "url"): 7,
        ("feeds", "un", "tag.s"): 8,
        ("feeds", "un", "tag.s", 0): 9,
        ("feeds", "un", "tag.s", 1): 9,
        ("feeds", "un", "tag.s", 2): 10,
        ("feeds", "un", "tag.s", 3): 12,
        ("feeds", "un", "tag.s", 3, "a"): 12,
        ("feeds", "un", "tag.s", 3, "b c"): 12,
        ("feeds", "un", "tag.s", 3, "b c", 0): 12,
        ("feeds", "un", "tag.s", 3, "b c", 0, "d"): 12,
        ("feeds", "bbc"): 14,
        ("feeds", "bbc", "url"): 14,
        ("feeds", "bbc", "n"): 14,
        ("feeds", "bbc", "f"): 14,
        ("feeds", "late"): 15,
        ("feeds", "late", "a"): 16,
        ("feeds", "late", ""): 17,
    }


def keys(value: object, key: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the key of each value in a document, lists of tables aside, which count as one table."""
    inner: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, below in inner:
        yield (*key, part)
        yield from keys(below, (*key, part))


def test_the_keys_that_have_lines_are_those_that_the_text_holds() -> None:
    document = tomllib.loads(TOML)
    document["feeds"]["late"] = document["feeds"]["late"][0]
    assert set(lines(TOML)) == set(keys(document))


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8)
VALUES = st.recursive(
    WORDS.map(lambda word: '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"')
    | WORDS.filter(lambda word: "'" not in word).map(lambda word: f"'{word}'")
    | st.sampled_from(["1", "-1.5", "true", "2026-11-24", '"""\n#[\n"""', "''']\n'''", "[]", "{}"]),
    lambda inner: st.lists(inner, max_size=3).map(lambda parts: "[\n" + ", # ]\n".join(parts) + "]"),
    max_leaves=6,
)


@given(st.dictionaries(st.from_regex(r"[a-z0-9_-]{1,5}", fullmatch=True), VALUES, max_size=5))
def test_whatever_a_text_holds_each_key_stands_on_its_own_line(document: dict[str, str]) -> None:
    text = "".join(f"{key} = {value} # {key}\n" for key, value in document.items())
    found = lines(text)
    assert set(found) == set(keys(tomllib.loads(text)))
    expected = 1
    for key, value in document.items():
        assert found[key,] == expected
        expected += value.count("\n") + 1


@given(st.text(max_size=40) | st.text("[]{}=.,\"'#\n a1", max_size=40))
def test_lines_end_for_any_text(text: str) -> None:
    assert all(1 <= line <= text.count("\n") + 1 for line in lines(text).values())


# --- how messages are written ----------------------------------------------------------------------------------------


def test_a_channel_has_a_form_and_a_template_of_its_own(load: Load) -> None:
    desk = r'{ url = "ntfy://desk", format = "markdown", template = "**$headline**\n$link" }'
    (channel,) = load(channels=f"[channels]\ndesk = {desk}\n").channels
    assert channel.form is Form.MARKDOWN
    assert channel.template == Template(text="**$headline**\n$link", form=Form.MARKDOWN)


def test_a_template_without_a_format_is_text(load: Load) -> None:
    (channel,) = load(channels='[channels]\ndesk = { url = "ntfy://desk", template = "$id" }\n').channels
    assert (channel.form, channel.template) == (None, Template(text="$id", form=Form.TEXT))


@pytest.mark.parametrize(
    ("channel", "warning"),
    [
        ('{ url = "console:", format = "text" }', "desk.format: has no effect; take it out: the console has a form"),
        (
            '{ webhook = "https://hook.example", template = "$id" }',
            "desk.template: has no effect; take it out: a webhook",
        ),
        (
            '{ url = "ntfy://desk", template = "$headline" }',
            "desk.template: names neither $link nor $id; an alert could",
        ),
    ],
)
def test_a_form_or_template_of_no_use_is_warned_of(load: Load, channel: str, warning: str) -> None:
    assert [words for words in said(load(channels=f"[channels]\ndesk = {channel}\n")) if warning in words] != []


# --- the reference, and what is shipped ------------------------------------------------------------------------------


def test_the_reference_page_is_what_the_schema_says() -> None:
    assert (ROOT / "docs" / "reference" / "config.md").read_text(encoding="utf-8") == config.reference()


def test_every_key_is_in_the_reference_with_a_meaning() -> None:
    described = {model for _, model, _ in TABLES}
    assert described == {*Table.__subclasses__(), *Named.__subclasses__()} - {Named, TermTable}
    for model in described:
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name}"
            assert field.description.endswith("."), f"{model.__name__}.{name}"


def test_every_example_of_a_key_is_one_that_the_key_takes() -> None:
    for _, model, _ in TABLES:
        examples = {field.alias or name: field.examples for name, field in model.model_fields.items() if field.examples}
        written = "\n".join(f"{name} = {example[0]}" for name, example in examples.items() if example[0])
        assert model.model_validate(tomllib.loads(written)).model_fields_set


def test_the_config_that_is_shipped_is_fine() -> None:
    loaded = config.load(ROOT / "config.toml", environment={})
    assert loaded.warnings == ()
    assert "tass" in {feed.name for feed in loaded.feeds}
    assert loaded.channels[0].target == Console()


def test_what_the_shipped_config_keeps_in_comments_is_fine_too(tmp_path: Path) -> None:
    shipped = (ROOT / "config.toml").read_text(encoding="utf-8").splitlines()
    text = "\n".join(line.removeprefix("# ") if re.match(r"# \w+ = ", line) else line for line in shipped)
    files(tmp_path, config_toml=text, mail_pw="x", chat_url="console:")
    loaded = config.load(tmp_path / "config.toml", environment={})
    assert loaded.warnings == ()
    assert {channel.name for channel in loaded.channels} == {"screen", "mail", "chat"}
    assert {watch.name for watch in loaded.watches} == {"nato", "ports", "maker"}


@pytest.mark.slow
def test_a_thousand_rules_are_loaded_in_a_moment(load: Load) -> None:
    words = [f"{a}{b} {c}{d}" for a in "bdfgk" for b in ("arrow", "ellow") for c in "lmnprstvwz" for d in range(10)]
    rules = "".join(f'r{n} = {{ match = "{word} guarantees", feeds = ["un"] }}\n' for n, word in enumerate(words))
    began = time.monotonic()
    loaded = load(rules=f"[rules]\n{rules}")
    assert len(loaded.watches) == 1000
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ('database = "sqlite:///kept/news.db"\n', "kept/news.db"),
        ("[rules]\nbroken = \"\ndatabase='sqlite:///news.db'  # below what is broken", "news.db"),
        ('database = "sqlite:////var/lib/news.db"\nrules = [', "/var/lib/news.db"),
        ('database = "postgresql://host/news"', "wirebell.db"),
        ('# database = "sqlite:///old.db"', "wirebell.db"),
        ("", "wirebell.db"),
    ],
)
def test_the_database_of_a_file_is_found_even_where_the_file_is_broken(tmp_path: Path, text: str, file: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    assert config.database_file(path) == tmp_path / file


@pytest.mark.parametrize(
    ("wished", "fallback"),
    [("", ("mail", "pager")), (', fallback = "pager"', ("pager",)), (", fallback = false", ())],
    ids=["not said", "named", "none"],
)
def test_any_other_channel_stands_in_unless_one_is_named_or_none(
    load: Callable[..., Config], wished: str, fallback: tuple[str, ...]
) -> None:
    others = 'mail = { webhook = "https://x.example/m" }\npager = { webhook = "https://x.example/p" }'
    channels = f'[channels]\ndesk = {{ url = "console:", default = true{wished} }}\n{others}\n'
    desk = next(each for each in load(channels=channels).channels if each.name == "desk")
    assert desk.fallback == fallback


def test_a_single_channel_has_no_fallback(load: Callable[..., Config]) -> None:
    (desk,) = load().channels
    assert desk.fallback == ()


# --- policies --------------------------------------------------------------------------------------------------------


def test_a_channel_takes_times_limits_and_the_next_one(load: Callable[..., Config]) -> None:
    desk = '{ url = "console:", default = true, digest = "07:00", burst = "3 in 5m", escalate = "boss" }'
    boss = '{ url = "console:", digest = ["18:00", "07:00"], burst = false, escalate = "desk", escalate_after = "5m" }'
    first, second = load(channels=f"[channels]\ndesk = {desk}\nboss = {boss}\n").channels
    assert (first.digest, first.burst) == (Times.parse(["07:00"]), Burst.parse("3 in 5m"))
    assert (first.escalate, first.escalate_after) == ("boss", timedelta(minutes=10))
    assert (second.digest, second.burst) == (Times.parse(["07:00", "18:00"]), None)
    assert (second.escalate, second.escalate_after) == ("desk", timedelta(minutes=5))


def test_a_channel_that_does_not_say_brings_five_messages_of_a_rule_in_ten_minutes(load: Callable[..., Config]) -> None:
    (desk,) = load().channels
    assert (desk.burst, desk.digest, desk.escalate) == (Burst.parse("5 in 10m"), None, "")


@pytest.mark.parametrize("written", ["2026-12-31", '"2026-12-31"'])
def test_a_rule_has_a_daily_number_and_a_last_day_in_the_zone_of_the_config(
    load: Callable[..., Config], written: str
) -> None:
    rules = f'[rules]\nnato = {{ match = "NATO", at_most = "20/day", until = {written} }}\n'
    (watch,) = load('timezone = "Europe/Berlin"', rules=rules).watches
    assert watch.at_most == 20
    assert watch.until == datetime(2026, 12, 31, 23, tzinfo=UTC)


def test_a_digest_in_the_quiet_hours_is_warned_of(load: Callable[..., Config]) -> None:
    desk = '{ url = "console:", quiet = "22:00-07:00", digest = ["06:00", "18:00"] }'
    warned = load('timezone = "Europe/Berlin"', channels=f"[channels]\ndesk = {desk}")
    cure = 'it comes when they end; write such as "07:00"'
    assert said(warned) == [f"9: channels.desk.digest: 06:00 lies in the quiet hours; {cure}"]


def test_times_of_a_machine_that_was_never_told_its_zone_are_warned_of(load: Callable[..., Config]) -> None:
    warned = load(channels='[channels]\ndesk = { url = "console:", digest = "07:00" }', TZ="UTC")
    cure = 'write such as timezone = "Europe/Berlin" at the top'
    assert said(warned) == [f"9: channels.desk.digest: this time is in UTC, the machine's zone; {cure}"]


def test_a_feed_may_say_when_it_is_silent_and_what_it_lists(load: Load) -> None:
    (feed,) = load(
        feeds='[feeds]\nun = { url = "https://un.example/", silent_after = "24h", window = "selection" }'
    ).feeds
    assert (feed.silent_after, feed.window) == (timedelta(days=1), Window.SELECTION)
