"""Feeds are found, added, imported and exported from the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.home import Home, entry, fail, rss
from tests.http_server import HttpServer, Reply

REST = 'rules = { norvik = "Norvik" }\nchannels = { desk = "console:" }\nnetwork = { allow = ["127.0.0.0/8"] }\n'
HTML = {"content-type": "text/html"}
XML = {"content-type": "text/xml"}


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        running.reply("/rss", Reply(body=rss("Norvik opens a plant"), headers=XML))
        yield running


@pytest.fixture
def open_home(home: Home) -> Home:
    """A config that may read from loopback and has no feed yet."""
    home.write(REST)
    return home


def added(home: Home) -> Path:
    return home.path.parent / "feeds.d" / "added.toml"


# --- discover ----------------------------------------------------------------------------------------------------


@pytest.fixture
def searching(open_home: Home) -> Home:
    open_home.write(f'feeds.old = "https://old.example"\n{REST}')
    return open_home


def test_the_feeds_that_a_page_names_are_found(searching: Home, server: HttpServer) -> None:
    head = (
        '<link rel="alternate" type="application/rss+xml" href="rss"><link rel="alternate" type="text/xml" href="/no">'
    )
    server.reply("/", Reply(body=f"<html><head>{head}</head></html>".encode(), headers=HTML))
    result = searching.call("feeds", "discover", server.url("/"))
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(f"{server.url('/rss')}\n  Wire: 1 entry, newest ")
    assert not server.asked("/feed")


def test_where_a_page_names_none_they_are_looked_for_where_they_usually_lie(
    searching: Home, server: HttpServer
) -> None:
    server.reply("/news/", Reply(body=b"<html><p>News</p></html>", headers=HTML))
    document = json.loads(searching.call("feeds", "discover", server.url("/news/"), "--json").stdout)
    [found] = document["feeds"]
    assert (document["schema"], found["url"], found["title"], found["entries"]) == (
        "discovered.v1",
        server.url("/rss"),
        "Wire",
        1,
    )
    assert server.asked("/news/feed")


def test_an_address_that_is_a_feed_is_the_one(searching: Home, server: HttpServer) -> None:
    result = searching.call("feeds", "discover", server.url("/rss"))
    assert result.stdout.startswith(server.url("/rss"))
    assert len(server.received) == 1


def test_two_addresses_that_lead_to_the_same_feed_are_one(searching: Home, server: HttpServer) -> None:
    server.reply("/feed", Reply(status=301, headers={"location": "/rss"}))
    server.reply("/", Reply(body=b'<a href="/feed">a</a><a href="/rss">b</a>', headers=HTML))
    assert len(json.loads(searching.call("feeds", "discover", server.url("/"), "--json").stdout)["feeds"]) == 1


@pytest.mark.parametrize(("reply", "asked"), [(Reply(status=503), True), (Reply(body=b"<p>", headers=HTML), True)])
def test_a_site_without_feeds_is_a_finding(*, searching: Home, server: HttpServer, reply: Reply, asked: bool) -> None:
    server.reply("/rss", Reply(status=404))
    server.reply("/", reply)
    result = searching.call("feeds", "discover", server.url("/"))
    assert (result.exit_code, bool(server.asked("/feed"))) == (1, asked)
    assert "no feed found; the page answered " in result.stderr


def test_a_site_that_does_not_answer_is_a_finding(searching: Home) -> None:
    result = searching.call("feeds", "discover", "127.0.0.1:9")
    assert result.exit_code == 1
    assert "no feed found; the page answered none, after " in result.stderr


# --- add ---------------------------------------------------------------------------------------------------------


def test_a_feed_that_can_be_read_is_added_to_a_file_of_its_own(open_home: Home, server: HttpServer) -> None:
    result = open_home.call("feeds", "add", "wire", server.url("/rss"), "--tag", "a", "--tag", "b")
    assert result.exit_code == 0, result.output
    assert f"wire is added to {added(open_home)}\n" in result.stdout
    [feed] = open_home.load().feeds
    assert (feed.name, feed.url, feed.tags) == ("wire", server.url("/rss"), ("a", "b"))
    assert open_home.path.read_text() == REST


def test_what_is_added_follows_what_a_person_wrote_there(open_home: Home, server: HttpServer) -> None:
    added(open_home).parent.mkdir()
    mine = '[feeds.mine]\nurl = "https://mine.example"\n[rules]\nx = "Velmar" # mine'
    added(open_home).write_text(mine)
    assert open_home.call("feeds", "add", "wire", server.url("/rss")).exit_code == 0
    assert added(open_home).read_text().startswith(mine)
    assert [feed.name for feed in open_home.load().feeds] == ["mine", "wire"]


@pytest.mark.parametrize(("option", "code", "there"), [((), 1, False), (("--anyway",), 0, True)])
def test_a_feed_that_cannot_be_read_is_added_only_where_that_is_wished(
    *, open_home: Home, server: HttpServer, option: tuple[str, ...], code: int, there: bool
) -> None:
    result = open_home.call("feeds", "add", "wire", server.url("/nowhere"), *option)
    assert (result.exit_code, added(open_home).exists()) == (code, there)
    assert "server answered: 404" in result.output


@pytest.mark.parametrize(
    ("name", "url", "said"),
    [
        ("wire", "https://other.example", "the name is taken"),
        ("other", "https://wire.example/rss.xml", "wire has the same address"),
        ("o:ther", "https://other.example", "the name cannot be used"),
        ("other", "other.example", 'has no scheme; write "https://" before it'),
    ],
)
def test_what_the_config_would_not_take_is_not_added(home: Home, name: str, url: str, said: str) -> None:
    result = home.call("feeds", "add", name, url)
    assert (result.exit_code, added(home).exists()) == (2, False)
    assert said in result.stderr


# --- import and export -------------------------------------------------------------------------------------------

LIST = """<opml><body><outline text="wires">
<outline text="Wire" xmlUrl="https://wire.example/rss.xml"/>
<outline text="Wire" xmlUrl="https://new.example/rss.xml"/>
</outline></body></opml>"""


@pytest.fixture
def listed(home: Home) -> Path:
    file = home.path.parent / "mine.opml"
    file.write_text(LIST)
    return file


def test_the_feeds_of_a_list_that_are_new_are_added_once(home: Home, listed: Path) -> None:
    result = home.call("feeds", "import", str(listed))
    assert (result.exit_code, result.stdout) == (
        0,
        f"1 feed added to {added(home)}\n1 feed known, 0 left out\n",
    )
    names = [(feed.name, feed.tags) for feed in home.load().feeds]
    assert names == [("wire", ()), ("slow", ()), ("Wire", ("wires",))]
    assert home.call("feeds", "import", str(listed)).stdout == "2 feeds known, 0 left out\n"


def test_feeds_that_cannot_be_taken_are_named(home: Home, listed: Path) -> None:
    listed.write_text(LIST.replace("https://new", "gopher://new"))
    result = home.call("feeds", "import", str(listed))
    assert (result.exit_code, result.stdout) == (4, "1 feed known, 1 left out\n")
    assert (
        f"{listed}:3: feeds: Wire is left out: its address begins with gopher:; write https: or http:" in result.stderr
    )


def test_a_list_that_cannot_be_read_is_a_fault_of_usage(home: Home, listed: Path) -> None:
    listed.write_text(LIST[:-20])
    result = home.call("feeds", "import", str(listed))
    assert result.exit_code == 2
    assert f"{listed}:4: ends in the middle: it is cut off; export it anew from your reader" in result.stderr


def test_what_is_exported_can_be_imported_elsewhere(home: Home, listed: Path, tmp_path: Path) -> None:
    home.call("feeds", "import", str(listed))
    listed.write_text(home.call("feeds", "export").stdout)
    (tmp_path / "else").mkdir()
    other = Home(path=tmp_path / "else" / "config.toml")
    other.write(REST)
    assert other.call("feeds", "import", str(listed)).exit_code == 0
    assert {(feed.name, feed.url, feed.tags) for feed in other.load().feeds} == {
        (feed.name, feed.url, feed.tags) for feed in home.load().feeds
    }


# --- health ------------------------------------------------------------------------------------------------------


def test_where_nothing_is_wrong_health_says_so(home: Home) -> None:
    result = home.call("feeds", "health")
    assert (result.exit_code, result.stdout) == (0, "Nothing is wrong with 2 feeds.\n")


def test_a_feed_that_something_is_wrong_with_is_shown_with_its_reason(home: Home) -> None:
    home.store(entry("Quiet day"))
    home.change(fail)
    result = home.call("feeds", "health")
    assert result.exit_code == 1
    assert "server answered: 503" in result.stdout
    assert "slow" not in result.stdout
    document = json.loads(home.call("feeds", "health", "--json").stdout)
    assert (document["schema"], document["ok"], document["counts"]) == (
        "feeds-health.v1",
        False,
        {"failing": 1, "off": 1},
    )
    assert [feed["name"] for feed in document["feeds"]] == ["wire"]


# --- test --------------------------------------------------------------------------------------------------------


def test_a_test_says_how_the_server_was_asked_without_what_lets_us_in(open_home: Home, server: HttpServer) -> None:
    (open_home.path.parent / "key").write_text("X-Key: hunter2")
    (open_home.path.parent / "key").chmod(0o600)
    keys = f'url = "{server.url("/rss")}", headers_file = "key", user_agent = "Newsroom/2"'
    open_home.write(f"feeds.wire = {{ {keys} }}\n{REST}")
    shown = open_home.call("feeds", "test", "wire").stdout
    assert "  asked    with X-Key, as Newsroom/2\n" in shown
    assert "hunter2" not in shown
    assert server.received[0].headers["x-key"] == "hunter2"
