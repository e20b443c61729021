"""Feeds are listed with how they are doing, and tested without a trace."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from monitor.cli import shapes
from tests.cli.home import CONFIG, Home, entry, fail, rss
from tests.http_server import HttpServer, Reply


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        feed = rss("Norvik opens a plant", "Quiet day")
        running.reply("/rss", Reply(body=feed, headers={"content-type": "text/xml"}))
        yield running


@pytest.fixture
def wired(home: Home, server: HttpServer) -> Home:
    text = CONFIG.replace("https://wire.example/rss.xml", server.url("/rss"))
    home.write(text + '\n[network]\nallow = ["127.0.0.0/8"]\n')
    return home


# --- list --------------------------------------------------------------------------------------------------------


def test_the_document_has_every_feed_of_the_config(home: Home) -> None:
    newest = entry("Norvik opens a plant")
    home.store(entry("Quiet day"), newest)
    document = json.loads(home.call("feeds", "list", "--json").stdout)
    assert document["schema"] == "feeds.v1"
    wire, slow = document["feeds"]
    told = {"since", "cause", "moved_to", "delay", "losses"}
    assert wire.keys() == {"name", "url", "state", "error", "last_poll", "next_poll", "last_item", "items", *told}
    assert (wire["name"], wire["url"], wire["state"]) == ("wire", "https://wire.example/rss.xml", "new")
    assert (wire["error"], wire["last_poll"], wire["items"]) == (None, None, 2)
    assert wire["last_item"] == shapes.time(newest.published)
    assert wire["next_poll"] is not None
    assert slow["next_poll"] is None


def test_a_failing_feed_says_why(home: Home) -> None:
    home.store(entry("Quiet day"))
    home.change(fail)
    wire, _ = json.loads(home.call("feeds", "list", "--json").stdout)["feeds"]
    assert (wire["state"], wire["error"]) == ("failing", "server answered: 503")


def test_people_get_a_table(home: Home) -> None:
    home.store(entry("Quiet day"))
    lines = home.call("feeds", "list").stdout.splitlines()
    assert lines[1].split()[:3] == ["wire", "new", "1"]
    assert lines[2].split()[:3] == ["slow", "off", "0"]


def test_before_the_first_start_every_feed_is_new(home: Home) -> None:
    wire, _ = json.loads(home.call("feeds", "list", "--json").stdout)["feeds"]
    assert (wire["state"], wire["items"], wire["next_poll"]) == ("new", 0, None)


# --- test --------------------------------------------------------------------------------------------------------


def test_a_test_shows_the_answer_and_what_rules_make_of_it(wired: Home, server: HttpServer) -> None:
    result = wired.call("feeds", "test", "wire")
    assert result.exit_code == 0, result.output
    assert "answer   200, text/xml, " in result.stdout
    assert "content  Wire: 2 entries, newest " in result.stdout
    assert "harbour: matches nothing that stands there" in result.stdout
    assert "norvik: " in result.stdout
    assert "Norvik opens a plant" in result.stdout
    assert len(server.asked("/rss")) == 1


def test_a_test_leaves_no_trace(wired: Home) -> None:
    wired.call("feeds", "test", "wire")
    assert [file.name for file in wired.path.parent.iterdir()] == ["config.toml"]


def test_a_test_as_a_document(wired: Home) -> None:
    document = json.loads(wired.call("feeds", "test", "wire", "--json").stdout)
    assert (document["schema"], document["ok"], document["status"], document["entries"]) == ("probe.v1", True, 200, 2)
    [match] = document["matches"]
    assert (match["rule"], match["headline"]) == ("norvik", "Norvik opens a plant")


def test_an_address_the_config_does_not_know_is_tested_too(wired: Home, server: HttpServer) -> None:
    server.reply("/other", Reply(body=rss("Harbour strike in Velmar")))
    result = wired.call("feeds", "test", server.url("/other"))
    assert result.exit_code == 0, result.output
    assert "Harbour strike in Velmar" in result.stdout


def test_a_feed_that_moved_says_where(wired: Home, server: HttpServer) -> None:
    server.reply("/new", Reply(body=rss("Quiet day")))
    server.reply("/rss", Reply(status=301, headers={"location": server.url("/new")}))
    assert f"moved for good to {server.url('/new')}" in wired.call("feeds", "test", "wire").stdout


def test_undated_entries_are_counted(wired: Home, server: HttpServer) -> None:
    feed = b"<rss version='2.0'><channel><item><title>Quiet day</title></item></channel></rss>"
    server.reply("/rss", Reply(body=feed))
    result = wired.call("feeds", "test", "wire")
    assert "content  without a title: 1 entry, 1 undated\n" in result.stdout


@pytest.mark.parametrize(
    ("full_text", "where", "wanted"),
    [("auto", "anywhere", 1), ("always", "anywhere", 1), ("never", "anywhere", 0), ("always", "lead", 0)],
)
def test_it_is_told_of_how_many_entries_the_article_would_be_read(
    wired: Home, server: HttpServer, full_text: str, where: str, wanted: int
) -> None:
    link = "<link>https://wire.example/a</link>"
    feed = f"<rss version='2.0'><channel><item><title>Quiet day</title>{link}</item></channel></rss>"
    server.reply("/rss", Reply(body=feed.encode()))
    wired.write(
        f"""
        feeds = {{ wire = {{ url = "{server.url("/rss")}", full_text = "{full_text}" }} }}
        rules = {{ norvik = {{ match = "Norvik", where = "{where}" }} }}
        channels = {{ desk = "console:" }}
        network = {{ allow = ["127.0.0.0/8"] }}
        """
    )
    document = json.loads(wired.call("feeds", "test", "wire", "--json").stdout)
    assert document["articles_wanted"] == wanted
    words = "of 1 the article would be read"
    assert (words in wired.call("feeds", "test", "wire").stdout) is bool(wanted)


def test_a_rule_that_does_not_watch_the_feed_says_so(wired: Home) -> None:
    wired.write(wired.path.read_text().replace('match = "Norvik"', 'match = "Norvik", feeds = "wi*"'))
    shown = wired.call("feeds", "test", "https://127.0.0.1:9/").stdout
    assert "norvik: does not watch this feed" in shown


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(status=503), "server answered: 503 Service Unavailable"),
        (Reply(status=410), "the server says the feed is gone (410)"),
        (Reply(body=b"<html><body>Please log in</body></html>"), "the answer is not a feed"),
        (Reply(status=304), "304"),
    ],
)
def test_what_is_no_feed_is_a_finding(wired: Home, server: HttpServer, reply: Reply, words: str) -> None:
    server.reply("/rss", reply)
    result = wired.call("feeds", "test", "wire")
    assert result.exit_code == 1
    assert words in result.stdout


def test_a_server_that_does_not_answer_is_a_finding(home: Home) -> None:
    home.write(CONFIG.replace("https://wire.example", "http://127.0.0.1:9"))
    result = home.call("feeds", "test", "wire", "--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert (document["ok"], document["status"], document["entries"]) == (False, None, None)
    assert document["error"].startswith("no answer: address is not public")


def test_a_feed_that_there_is_not_is_a_fault_of_usage(home: Home) -> None:
    result = home.call("feeds", "test", "reuters")
    assert result.exit_code == 2
    assert "no feed is called 'reuters'; known are wire, slow" in result.stderr
