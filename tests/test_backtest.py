"""A backtest judges the items of a file or of the store by the rules of a config, and sends nothing."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor import backtest, config
from monitor.backtest import BadLine, Comparison, Given, Judged, Tally
from monitor.config import Config
from monitor.feed import Feed
from monitor.judge import Bench
from monitor.rule import Match

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
CONFIG = """
[feeds]
wire = { url = "https://wire.example/rss.xml", tags = ["fast"] }
slow = "https://slow.example/rss.xml"

[rules]
harbour = "harbour strike"
norvik = { match = "Norvik", except = "price target", feeds = "wire" }
fast = { match = "Tessel", feeds = "tag:fast" }

[channels]
desk = "console:"
"""


@pytest.fixture
def loaded(tmp_path: Path) -> Config:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return config.load(path, environment={})


@pytest.fixture
def bench(loaded: Config) -> Bench:
    return Bench(watches=loaded.watches, feeds=loaded.feeds, channels=loaded.channels)


def lines(tmp_path: Path, *items: object) -> Path:
    path = tmp_path / "items.jsonl"
    texts = (item if isinstance(item, str) else json.dumps(item) for item in items)
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return path


def read(path: Path, *feeds: Feed) -> list[Given | BadLine]:
    return list(backtest.read(path, {feed.name: feed for feed in feeds}, NOW))


def judged(bench: Bench, path: Path, loaded: Config) -> list[Judged]:
    return [backtest.judge(bench, given, NOW) for given in read(path, *loaded.feeds) if isinstance(given, Given)]


# --- reading -----------------------------------------------------------------------------------------------------


def test_a_line_is_an_item(tmp_path: Path) -> None:
    path = lines(
        tmp_path,
        {
            "id": "a1",
            "title": "Talks end",
            "summary": "No date was set.",
            "text": "The dockers of Velmar will strike.",
            "feed": "wire",
            "link": "https://wire.example/a1",
            "time": "2026-11-24T09:30:00+01:00",
            "lang": "en",
        },
    )
    [given] = read(path)
    assert isinstance(given, Given)
    entry = given.item.entry
    assert (given.name, given.item.feed, given.feed.language) == ("a1", "wire", "en")
    assert (entry.headline, entry.lead, given.item.text) == (
        "Talks end",
        "No date was set.",
        "The dockers of Velmar will strike.",
    )
    assert entry.link == "https://wire.example/a1"
    assert entry.published == datetime(2026, 11, 24, 8, 30, tzinfo=UTC)


def test_an_item_needs_no_more_than_id_and_title(tmp_path: Path) -> None:
    [given] = read(lines(tmp_path, {"id": 7, "title": "Talks end", "text": None, "url": "ignored"}))
    assert isinstance(given, Given)
    assert (given.name, given.item.feed, given.item.text, given.item.entry.published) == ("7", "", None, None)
    assert given.item.published == NOW


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-11-24T08:30:00Z", datetime(2026, 11, 24, 8, 30, tzinfo=UTC)),
        ("2026-11-24 08:30", datetime(2026, 11, 24, 8, 30, tzinfo=UTC)),
        ("2026-11-24", datetime(2026, 11, 24, tzinfo=UTC)),
        ("Tue, 24 Nov 2026 09:30:00 +0100", datetime(2026, 11, 24, 8, 30, tzinfo=UTC)),
        ("Tue, 24 Nov 2026 08:30:00 -0000", datetime(2026, 11, 24, 8, 30, tzinfo=UTC)),
        ("", None),
        ("26-FEB-1987 15:01:01.79", None),
        ("yesterday", None),
    ],
)
def test_a_time_is_read_as_iso_or_as_feeds_write_it(tmp_path: Path, written: str, meant: datetime | None) -> None:
    [given] = read(lines(tmp_path, {"id": "a", "title": "t", "time": written}))
    assert isinstance(given, Given)
    assert given.item.entry.published == meant


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "is not JSON"),
        ('["a"]', "is no JSON object"),
        ('{"title": "t"}', '"id" is missing'),
        ('{"id": true, "title": "t"}', '"id" is missing, or neither text nor a number'),
        ('{"id": "a"}', '"title" is missing'),
        ('{"id": "a", "title": ["t"]}', '"title" is not text'),
        ('{"id": "a", "title": "t", "text": 5}', '"text" is not text'),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_a_line_that_is_no_item_is_named_and_the_next_one_read(tmp_path: Path, line: str, message: str) -> None:
    bad, good = read(lines(tmp_path, line, {"id": "b", "title": "t"}))
    assert isinstance(bad, BadLine)
    assert str(bad).startswith(f"items.jsonl:1: {message}")
    assert isinstance(good, Given)


def test_bytes_that_are_no_text_are_a_bad_line(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_bytes(b'{"id": "a", "title": "\xff"}\n')
    [bad] = read(path)
    assert isinstance(bad, BadLine)


def test_half_a_surrogate_pair_is_replaced(tmp_path: Path) -> None:
    [given] = read(lines(tmp_path, r'{"id": "a", "title": "x \ud83d y"}'))
    assert isinstance(given, Given)
    assert given.item.entry.headline.encode()


def test_blank_lines_count_and_are_skipped(tmp_path: Path) -> None:
    given, bad = read(lines(tmp_path, {"id": "a", "title": "t"}, "", "{"))
    assert isinstance(given, Given)
    assert isinstance(bad, BadLine)
    assert bad.line == 3


def test_a_line_too_long_for_an_item_is_skipped_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backtest, "LINE_LIMIT", 100)
    bad, good = read(lines(tmp_path, {"id": "a", "title": "t" * 1000}, {"id": "b", "title": "t"}))
    assert isinstance(bad, BadLine)
    assert "line is longer than" in bad.message
    assert isinstance(good, Given)
    assert good.name == "b"


def test_a_compressed_file_is_read_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_bytes(gzip.compress(b'{"id": "a", "title": "t"}\n'))
    [given] = read(path)
    assert isinstance(given, Given)


def test_a_compressed_file_cut_short_is_named(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"id": "a", "title": "t"}\n' * 5000)[:-20])
    *_, bad = read(path)
    assert isinstance(bad, BadLine)
    assert "compressed data is damaged" in bad.message


def test_items_come_one_at_a_time(tmp_path: Path) -> None:
    reading = backtest.read(lines(tmp_path, {"id": "a", "title": "t"}, "{"), {}, NOW)
    assert isinstance(next(reading), Given)
    assert isinstance(next(reading), BadLine)


# --- judging -----------------------------------------------------------------------------------------------------


def test_an_item_is_judged_by_the_rules_that_watch_its_feed(tmp_path: Path, bench: Bench, loaded: Config) -> None:
    path = lines(
        tmp_path,
        {"id": "a", "title": "Norvik opens a plant", "feed": "wire"},
        {"id": "b", "title": "Norvik opens a plant", "feed": "slow"},
        {"id": "c", "title": "Tessel recalls vans", "feed": "wire"},
    )
    assert [each.rings for each in judged(bench, path, loaded)] == [("norvik",), (), ("fast",)]


@pytest.mark.parametrize("feed", ["", "unheard of"])
def test_a_feed_the_config_does_not_name_is_watched_by_rules_for_every_feed(
    tmp_path: Path, bench: Bench, loaded: Config, feed: str
) -> None:
    path = lines(
        tmp_path,
        {"id": "a", "title": "Harbour strike in Velmar", "feed": feed},
        {"id": "b", "title": "Norvik opens a plant", "feed": feed},
    )
    assert [each.rings for each in judged(bench, path, loaded)] == [("harbour",), ()]


def test_what_only_the_text_says_is_found(tmp_path: Path, bench: Bench, loaded: Config) -> None:
    text = "Both sides met.\n\nThe dockers voted for a harbour strike. The harbour strike begins on Thursday."
    path = lines(tmp_path, {"id": "a", "title": "Talks end", "summary": "No date was set.", "text": text})
    [found] = judged(bench, path, loaded)
    assert found.rings == ("harbour",)
    assert found.matches[0].evidence[0].field == "text"


def test_an_exception_keeps_a_rule_silent(tmp_path: Path, bench: Bench, loaded: Config) -> None:
    path = lines(tmp_path, {"id": "a", "title": "Bank lowers its price target for Norvik", "feed": "wire"})
    assert judged(bench, path, loaded)[0].matches == ()


def test_the_language_of_an_item_wins_over_that_of_its_feed(tmp_path: Path, loaded: Config) -> None:
    path = lines(tmp_path, {"id": "a", "title": "t", "feed": "wire", "lang": "ru"})
    [given] = read(path, *loaded.feeds)
    assert isinstance(given, Given)
    assert (given.feed.language, given.feed.tags) == ("ru", ("fast",))


def test_stored_history_is_judged_as_if_it_were_new(tmp_path: Path, bench: Bench) -> None:
    [given] = read(lines(tmp_path, {"id": "a", "title": "Harbour strike in Velmar"}))
    assert isinstance(given, Given)
    [again] = backtest.stored([replace(given.item, id=12, baseline=True)], {})
    found = backtest.judge(bench, again, NOW)
    assert (found.name, found.rings) == ("12", ("harbour",))


def test_an_article_in_hand_has_its_headline_on_the_first_line(bench: Bench) -> None:
    words = "Talks end\n\nA harbour strike begins.\n\nThe harbour strike is the first.\n"
    given = backtest.article("article.txt", words, NOW)
    assert (given.name, given.item.entry.headline) == ("article.txt", "Talks end")
    assert backtest.judge(bench, given, NOW).rings == ("harbour",)


# --- counting ----------------------------------------------------------------------------------------------------


def tally(tmp_path: Path, bench: Bench, loaded: Config, *times: datetime | None) -> Tally:
    items = [
        {"id": f"a{number}", "title": "Harbour strike", "time": time.isoformat() if time else ""}
        for number, time in enumerate(times)
    ]
    counted = Tally(bench.watches)
    for each in judged(bench, lines(tmp_path, *items), loaded):
        counted.add(each)
    return counted


def test_hits_are_counted_by_rule_and_day(tmp_path: Path, bench: Bench, loaded: Config) -> None:
    counted = tally(tmp_path, bench, loaded, NOW, NOW + timedelta(hours=1), NOW - timedelta(days=2))
    assert counted.items == 3
    assert {name: rule.hits for name, rule in counted.rules.items()} == {"harbour": 3, "norvik": 0, "fast": 0}
    assert counted.rules["harbour"].days == {"2026-11-24": 2, "2026-11-22": 1}


def test_a_usual_day_is_told_over_the_days_that_the_items_span(tmp_path: Path, bench: Bench, loaded: Config) -> None:
    counted = tally(tmp_path, bench, loaded, NOW, NOW + timedelta(days=4))
    assert counted.a_day("harbour") == pytest.approx(0.5)
    assert counted.a_day("norvik") == 0


def test_items_within_a_day_count_as_a_day(tmp_path: Path, bench: Bench, loaded: Config) -> None:
    assert tally(tmp_path, bench, loaded, NOW, NOW + timedelta(hours=1)).a_day("harbour") == 2


def test_without_times_there_is_no_usual_day(tmp_path: Path, bench: Bench, loaded: Config) -> None:
    counted = tally(tmp_path, bench, loaded, None)
    assert counted.a_day("harbour") is None
    assert counted.rules["harbour"].days == {}


def test_the_last_hits_are_kept_as_samples(tmp_path: Path, bench: Bench, loaded: Config) -> None:
    counted = tally(tmp_path, bench, loaded, *[NOW] * 5)
    assert [sample.name for sample in counted.rules["harbour"].samples] == ["a2", "a3", "a4"]


# --- in passing, together, and by another config ---------------------------------------------------------------------

FAR_APART = "\n\n".join(["The harbour lies still.", *["Nothing was said."] * 20, "Elsewhere a strike ended."])


def test_what_a_rule_only_brushes_is_told_beside_what_it_matches(tmp_path: Path, loaded: Config) -> None:
    bench = Bench(watches=backtest.with_passing(loaded.watches), feeds=loaded.feeds, channels=loaded.channels)
    path = lines(
        tmp_path,
        {"id": "a", "title": "Velmar rests", "text": FAR_APART},
        {"id": "b", "title": "Harbour strike in Velmar"},
        {"id": "c", "title": "Norvik opens a plant"},
    )
    found = judged(bench, path, loaded)
    assert [(each.rings, each.passing) for each in found] == [((), ("harbour",)), (("harbour",), ()), ((), ())]
    assert [[match.rule for match in each.matches] for each in found] == [[], ["harbour"], []]
    counted = Tally(bench.watches)
    for each in found:
        counted.add(each)
    assert {name: (rule.hits, rule.passing) for name, rule in counted.rules.items()} == {
        "harbour": (1, 1),
        "norvik": (0, 0),
        "fast": (0, 0),
    }


def rang(name: str, *rules: str) -> Judged:
    """Return an item for which these rules rang."""
    matches = tuple(Match(rule=rule, strength=1.0, place="headline", evidence=()) for rule in rules)
    given = backtest.article(name, name, NOW)
    return Judged(name=name, item=given.item, matches=matches, rings=rules)


def test_rules_that_share_items_are_told_by_the_part_of_the_smaller_one() -> None:
    counted = Tally(["a", "b", "c", "d"])
    for rules in ("ab", "ab", "a", "a", "bc", "d"):
        counted.add(rang(rules, *rules))
    assert [(each.rules, each.shared, round(each.share, 2)) for each in counted.overlaps] == [
        (("b", "c"), 1, 1.0),
        (("a", "b"), 2, 0.67),
    ]


def test_a_comparison_names_what_would_appear_and_what_would_vanish() -> None:
    compared = Comparison()
    compared.add(rang("one", "a", "b"), rang("one", "b", "c"))
    compared.add(rang("two", "a"), rang("two", "a"))
    assert [(each.name, each.match.rule) for each in compared.appear] == [("one", "c")]
    assert [(each.name, each.match.rule) for each in compared.vanish] == [("one", "a")]


def test_an_item_comes_by_the_feeds_of_the_other_config(tmp_path: Path, loaded: Config) -> None:
    mine = {feed.name: feed for feed in loaded.feeds}
    others = {"wire": replace(mine["wire"], tags=("slow",), language="de")}
    path = lines(
        tmp_path,
        {"id": "a", "title": "t", "feed": "wire"},
        {"id": "b", "title": "t", "feed": "wire", "lang": "ru"},
        {"id": "c", "title": "t", "feed": "slow"},
    )
    found = [backtest.of_feeds(each, mine, others) for each in read(path, *loaded.feeds) if isinstance(each, Given)]
    assert [(each.feed.name, each.feed.tags, each.feed.language) for each in found] == [
        ("wire", ("slow",), "de"),
        ("wire", ("slow",), "ru"),
        ("slow", (), None),
    ]
