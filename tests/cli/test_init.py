"""``init`` asks, tries and writes, and overwrites nothing."""

from __future__ import annotations

import resource
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor import config
from monitor.cli import asking, known, wirebell
from monitor.cli import init as setting_up
from monitor.cli.draft import Chat, Draft, feed_name, rule_name
from tests.cli.home import rss
from tests.http_server import HttpServer, Reply
from tests.smtp_server import SmtpServer

#: Importing all plugins of Apprise imports imghdr, which goes with Python 3.13.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

PASSWORD = "p@ss/w#rd"


def init(folder: Path, *arguments: str, typed: str = "", environment: dict[str, str] | None = None) -> Result:
    given = ["-c", str(folder / "config.toml"), "init", *arguments]
    return CliRunner().invoke(wirebell, given, input=typed, env={"EMAIL": "", "TZ": "Asia/Tokyo"} | (environment or {}))


def written(folder: Path) -> config.Config:
    return config.load(folder / "config.toml", environment={})


@pytest.fixture
def feed() -> Iterator[str]:
    with HttpServer() as server:
        yield server.reply("/rss.xml", Reply(body=rss("Harbour strike")))


@pytest.fixture
def options(feed: str) -> list[str]:
    """Answers that need no person and no mail."""
    return ["--yes", "--topic", "harbour strike", "--feed", feed, "--allow", "127.0.0.0/8"]


@pytest.fixture
def mail() -> Iterator[SmtpServer]:
    with SmtpServer(login=("anna@bank.example", PASSWORD)) as server:
        yield server


@pytest.fixture
def by_mail(tmp_path: Path, options: list[str], mail: SmtpServer) -> list[str]:
    (tmp_path / "secret.pw").write_text(PASSWORD)
    (tmp_path / "secret.pw").chmod(0o600)
    login = ["--user", "anna@bank.example", "--password-file", str(tmp_path / "secret.pw")]
    return [*options, "--to", "anna@bank.example", "--smtp", f"127.0.0.1:{mail.port}", "--security", "none", *login]


# --- without questions -----------------------------------------------------------------------------------------------


def test_options_alone_make_a_config_that_rings_on_the_screen(tmp_path: Path, options: list[str]) -> None:
    result = init(tmp_path, *options)
    assert result.exit_code == 0, result.output
    loaded = written(tmp_path)
    assert [watch.rule.sources for watch in loaded.watches] == [("harbour strike",)]
    assert loaded.zone_name == "Asia/Tokyo"
    assert loaded.warnings == ()
    assert "127.0.0.1  Wire: 1 entry, newest " in result.stdout


def test_a_config_by_mail_names_the_file_of_the_password(tmp_path: Path, by_mail: list[str], mail: SmtpServer) -> None:
    result = init(tmp_path, *by_mail)
    assert result.exit_code == 0, result.output
    assert mail.letters[0].message["To"] == "anna@bank.example"
    channel = tomllib.loads((tmp_path / "config.toml").read_text())["channels"]["mail"]
    assert channel == {
        "to": "anna@bank.example",
        "smtp": "127.0.0.1",
        "port": mail.port,
        "security": "none",
        "user": "anna@bank.example",
        "password_file": "secret.pw",
    }


def test_a_password_elsewhere_is_named_by_its_whole_path(tmp_path: Path, by_mail: list[str]) -> None:
    (tmp_path / "desk").mkdir()
    assert init(tmp_path / "desk", *by_mail).exit_code == 0
    channel = tomllib.loads((tmp_path / "desk" / "config.toml").read_text())["channels"]["mail"]
    assert channel["password_file"] == str(tmp_path / "secret.pw")


def test_a_test_message_that_is_refused_leaves_nothing_behind(tmp_path: Path, by_mail: list[str]) -> None:
    (tmp_path / "secret.pw").write_text("wrong")
    result = init(tmp_path, *by_mail)
    assert result.exit_code == 1
    assert "app password" in result.stderr
    assert "nothing is written" in result.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["secret.pw"]


def test_a_relay_without_a_login_needs_no_password(tmp_path: Path, options: list[str]) -> None:
    with SmtpServer() as relay:
        to = ["--to", "anna@bank.example", "--smtp", f"127.0.0.1:{relay.port}", "--security", "none"]
        result = init(tmp_path, *options, *to)
    assert result.exit_code == 0, result.output
    assert len(relay.letters) == 1
    assert "user" not in tomllib.loads((tmp_path / "config.toml").read_text())["channels"]["mail"]


def test_the_address_of_a_chat_goes_into_a_file_of_its_own(tmp_path: Path, options: list[str]) -> None:
    with HttpServer() as chat:
        chat.reply("/token", Reply())
        url = f"json://127.0.0.1:{chat.port}/token"
        result = init(tmp_path, *options, "--to", url)
        assert result.exit_code == 0, result.output
        assert len(chat.received) == 1
    assert (tmp_path / "chat.url").read_text() == f"{url}\n"
    assert stat.S_IMODE((tmp_path / "chat.url").stat().st_mode) == 0o600
    assert "token" not in (tmp_path / "config.toml").read_text()
    assert len(written(tmp_path).channels) == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (["--topic", "harbour AND"], "AND"),
        (["--to", "anna"], "neither a mail address nor that of a chat"),
        (["--to", "slak://a/b"], "did you mean slack://?"),
        (["--feed", "gardian"], "did you mean guardian?"),
        (["--feed", "http://[::1"], "write the address of the site or of its feed"),
        (["--feed", " ,"], "there is no feed"),
        (["--zone", "Europe/Berln"], "did you mean 'Europe/Berlin'?"),
        (["--to", "anna@bank.example", "--smtp", "smtp://x"], "is not a mail server"),
        (["--to", "anna@bank.example", "--smtp", "x:70000"], "is not a mail server"),
        (["--to", "anna@gmail.com"], "smtp.gmail.com wants a password; name the file"),
        (["--to", "anna@gmail.com", "--password-file", "none.pw"], "there is no such file"),
    ],
)
def test_an_answer_that_cannot_be_used_is_told_with_a_cure(
    tmp_path: Path, options: list[str], answer: list[str], words: str
) -> None:
    others = [each for each in options if answer[0] != "--feed" or (each != "--feed" and "rss" not in each)]
    result = init(tmp_path, *others, *answer)
    assert result.exit_code == 2
    assert words in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_range_that_is_none_is_told_as_check_tells_it(tmp_path: Path, options: list[str]) -> None:
    result = init(tmp_path, *options, "--allow", "everything")
    assert result.exit_code == 2
    assert "network.allow" in result.stderr


# --- nothing is overwritten ------------------------------------------------------------------------------------------


def test_a_config_that_is_there_stays(tmp_path: Path, options: list[str]) -> None:
    (tmp_path / "config.toml").write_text("mine")
    result = init(tmp_path, *options)
    assert result.exit_code == 2
    assert "no file is overwritten" in result.stderr
    assert (tmp_path / "config.toml").read_text() == "mine"


def test_a_link_that_leads_nowhere_is_not_written_through(tmp_path: Path, options: list[str]) -> None:
    (tmp_path / "config.toml").symlink_to(tmp_path / "elsewhere")
    assert init(tmp_path, *options).exit_code == 2
    assert not (tmp_path / "elsewhere").exists()


def test_a_secret_that_is_there_stays_and_the_new_one_is_numbered(tmp_path: Path, options: list[str]) -> None:
    (tmp_path / "chat.url").write_text("mine")
    with HttpServer() as chat:
        chat.reply("/token", Reply())
        assert init(tmp_path, *options, "--to", f"json://127.0.0.1:{chat.port}/token").exit_code == 0
    assert (tmp_path / "chat.url").read_text() == "mine"
    assert tomllib.loads((tmp_path / "config.toml").read_text())["channels"]["chat"] == {"url_file": "chat-2.url"}


def draft() -> Draft:
    reader = Chat(url="json://bank.example/token")
    return Draft(topic="strike", reader=reader, feeds=asking.feeds("un"), zone="UTC")


def test_a_config_that_appears_meanwhile_stays_and_the_secret_goes_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.toml").write_text("theirs")
    with pytest.raises(SystemExit):
        setting_up._write(draft(), tmp_path / "config.toml")
    assert "File exists; nothing is written" in capsys.readouterr().err
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("config.toml", "theirs")]


def test_a_file_that_does_not_fit_on_the_disk_is_not_left_half(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            setting_up._create(tmp_path / "chat.url", "json://bank.example/token", 0o600)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_there_is_not_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    result = init(tmp_path / "none")
    assert result.exit_code == 2
    assert "there is no such folder" in result.stderr


# --- with questions --------------------------------------------------------------------------------------------------


def test_a_wrong_answer_is_asked_again(tmp_path: Path, feed: str) -> None:
    typed = ["harbour AND", "harbour strike", "anna", "console:", feed, "Berlin", "Europe/Berlin"]
    result = init(tmp_path, "--allow", "127.0.0.0/8", typed="\n".join([*typed, ""]))
    assert result.exit_code == 0, result.output
    assert result.stdout.count("Error: ") == 3
    assert written(tmp_path).zone_name == "Europe/Berlin"


def test_what_an_option_answers_is_not_asked(tmp_path: Path, options: list[str]) -> None:
    result = init(tmp_path, *options[1:], "--to", "console:", typed="Europe/Paris\n")
    assert result.exit_code == 0, result.output
    assert "What do you want" not in result.stdout
    assert written(tmp_path).zone_name == "Europe/Paris"


def test_a_provider_that_is_known_is_asked_only_for_the_password(tmp_path: Path, options: list[str]) -> None:
    result = init(tmp_path, *options[1:], "--zone", "UTC", typed="anna@gmail.com\n")
    assert "https://myaccount.google.com/apppasswords" in result.stdout
    assert "The password of anna@gmail.com at smtp.gmail.com" in result.stdout
    assert "The server that takes" not in result.stdout


def test_a_config_may_be_written_though_the_test_failed(tmp_path: Path, options: list[str]) -> None:
    typed = ["anna@bank.example", "127.0.0.1:1", "-", "write"]
    result = init(tmp_path, *options[1:], "--zone", "UTC", typed="\n".join([*typed, ""]))
    assert result.exit_code == 0, result.output
    assert "could not connect" in result.stderr
    assert len(written(tmp_path).channels) == 1


def test_a_feed_that_cannot_be_read_is_told_and_kept(tmp_path: Path, options: list[str]) -> None:
    result = init(tmp_path, *options, "--feed", "http://127.0.0.1:9/rss.xml")
    assert result.exit_code == 0
    assert "kept all the same: 127.0.0.1-2; look again with wirebell feeds test NAME" in result.stderr
    assert [one.name for one in written(tmp_path).feeds] == ["127.0.0.1", "127.0.0.1-2"]


def test_a_site_is_watched_by_the_feed_that_its_page_names(tmp_path: Path, options: list[str]) -> None:
    with HttpServer() as site:
        feed = site.reply("/news/feed", Reply(body=rss("Harbour strike")))
        link = b'<html><head><link rel="alternate" type="application/rss+xml" href="/news/feed"></head></html>'
        page = site.reply("/", Reply(body=link, headers={"Content-Type": "text/html"}))
        result = init(tmp_path, *options[:3], "--feed", page, *options[5:])
    assert result.exit_code == 0, result.output
    assert f"by the feed that it names, {feed}" in result.stdout
    assert [one.url for one in written(tmp_path).feeds] == [feed]


# --- what is known ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "named", ["guardian", "Guardian", "theguardian.com", "www.theguardian.com", "https://www.theguardian.com/"]
)
def test_a_site_is_known_by_its_name_and_by_its_address(named: str) -> None:
    wire = known.wire(named)
    assert wire is not None
    assert wire.url == "https://www.theguardian.com/world/rss"


@pytest.mark.parametrize("named", ["https://www.theguardian.com/uk/rss", "example.com", "", "http://[::1"])
def test_an_address_of_its_own_is_no_site(named: str) -> None:
    assert known.wire(named) is None


def test_every_wire_that_is_known_makes_a_feed() -> None:
    wires = [known.wire(name) for name in known.names()]
    assert len({wire.url for wire in wires if wire}) == len(known.names())
    assert all(wire and wire.url.startswith("https://") for wire in wires)
    assert set(known.usual()) <= set(known.names())


@pytest.mark.parametrize(
    ("address", "smtp", "security"),
    [("a@gmail.com", "smtp.gmail.com", "starttls"), ("a@Fastmail.com", "smtp.fastmail.com", "tls")],
)
def test_a_large_provider_is_known_by_the_address(address: str, smtp: str, security: str) -> None:
    server = known.server(address)
    assert server is not None
    assert (server.smtp, server.security) == (smtp, security)


def test_another_provider_is_not_known() -> None:
    assert known.server("anna@bank.example") is None


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        ("NATO security guarantees", "nato"),
        ("гарантии безопасности", "гарантии"),
        ('NOT "x-ray"', "x-ray"),
        ("@", "topic"),
        ("a" * 80, "a" * 24),
    ],
)
def test_a_rule_is_named_by_the_first_word_of_its_topic(topic: str, name: str) -> None:
    assert rule_name(topic) == name


@pytest.mark.parametrize(
    ("host", "taken", "name"),
    [
        ("www.bank.example", set(), "bank"),
        ("rss.bank.example", {"bank"}, "bank-2"),
        ("feeds.news.bank.example", {"bank", "bank-2"}, "bank-3"),
        ("127.0.0.1", set(), "127.0.0.1"),
        ("::1", set(), "--1"),
        ("localhost", set(), "localhost"),
    ],
)
def test_a_feed_is_named_by_its_host(host: str, taken: set[str], name: str) -> None:
    assert feed_name(host, taken) == name


def test_feeds_are_named_in_one_answer_and_each_counts_once() -> None:
    wires = asking.feeds("un, bbc.co.uk,un https://www.bank.example/rss")
    assert [wire.name for wire in wires] == ["un", "bbc", "bank"]


@pytest.mark.parametrize(
    ("word", "url"),
    [("bank.example", "https://bank.example"), ("bank.example/news", "https://bank.example/news")],
)
def test_a_site_that_is_not_known_is_asked_itself(word: str, url: str) -> None:
    assert [wire.url for wire in asking.feeds(word)] == [url]
