"""A config watches lists of feeds, and what was added by command, as if their feeds stood in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from monitor import config
from monitor.config import Config
from monitor.config.outlines import unique
from monitor.errors import ConfigError
from monitor.opml import Outline

REST = 'rules.nato = "NATO security guarantees"\nchannels.desk = "console:"\n'
Load = Callable[..., Config]


def outline(name: str, url: str) -> str:
    return f'<outline text="{name}" xmlUrl="{url}"/>\n'


def opml(*outlines: str) -> str:
    return f"<opml>\n<body>\n{''.join(outlines)}</body></opml>"


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Return what loads a config with a list; further texts are files beside it."""

    def loaded(listed: str | None, top: str = "", **texts: str) -> Config:
        (tmp_path / "config.toml").write_text(f'opml = "feeds.opml"\n{top}\n{REST}', encoding="utf-8")
        if listed is not None:
            (tmp_path / "feeds.opml").write_text(listed, encoding="utf-8")
        for name, text in texts.items():
            (tmp_path / name.replace("_", ".")).write_text(text, encoding="utf-8")
        return config.load(tmp_path / "config.toml", environment={})

    return loaded


def feeds(loaded: Config) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(feed.name, feed.url, feed.tags) for feed in loaded.feeds]


def faults(load: Load, *given: str | None) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        load(*given)
    return [f"{Path(fault.file).name}:{fault.line}: {fault.message}; {fault.cure}" for fault in refused.value.faults]


def test_the_feeds_of_a_list_are_watched_with_their_folders_as_tags(load: Load, tmp_path: Path) -> None:
    loaded = load(opml('<outline text="wires">', outline("Wire", "https://wire.example/rss"), "</outline>"))
    assert feeds(loaded) == [("Wire", "https://wire.example/rss", ("wires",))]
    assert tmp_path / "feeds.opml" in loaded.files


def test_what_the_config_says_of_a_feed_goes_before_what_a_list_says(load: Load) -> None:
    top = 'feeds.own = { url = "https://wire.example/rss", tags = "mine" }'
    loaded = load(opml(outline("Wire", "HTTPS://wire.example/rss/"), outline("own", "https://other.example")), top)
    assert feeds(loaded) == [
        ("own", "https://wire.example/rss", ("mine",)),
        ("own (other.example)", "https://other.example", ()),
    ]


def test_a_feed_of_several_folders_and_lists_is_one_with_all_their_tags(load: Load) -> None:
    wire = outline("Wire", "https://wire.example")
    folders = [f'<outline text="{name}">{wire}</outline>' for name in ("a", "b", "a")]
    loaded = load(opml(*folders), 'include = "more.toml"', more_toml="")
    assert feeds(loaded) == [("Wire", "https://wire.example", ("a", "b"))]


def test_two_lists_may_name_the_same_feed(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(f'opml = ["a.opml", "b.opml"]\n{REST}')
    (tmp_path / "a.opml").write_text(opml(outline("Wire", "https://wire.example")))
    (tmp_path / "b.opml").write_text(
        opml(outline("Again", "https://wire.example"), outline("Wire", "https://b.example"))
    )
    loaded = config.load(tmp_path / "config.toml", environment={})
    assert [feed.name for feed in loaded.feeds] == ["Wire", "Wire (b.example)"]


# --- names -------------------------------------------------------------------------------------------------------

URL = "https://news.example/rss"


@pytest.mark.parametrize(
    ("name", "taken", "given"),
    [
        ("Wire", (), "Wire"),
        ("", (), "news.example"),
        ('Today\'s *best*: [news], "all"?', (), "Today’s best news all"),
        ("Wire", ("Wire",), "Wire (news.example)"),
        ("Wire", ("Wire", "Wire (news.example)"), "Wire (7563bf21)"),
        ("W" * 80, (), "W" * 64),
        ("W" * 80, ("W" * 64,), f"{'W' * 49} (news.example)"),
    ],
)
def test_a_feed_has_the_name_of_the_list_as_far_as_it_can_be_used(
    name: str, taken: tuple[str, ...], given: str
) -> None:
    assert unique(Outline(name=name, url=URL), taken) == given


def test_a_name_stays_when_another_feed_of_that_name_comes_behind_it_or_goes(load: Load) -> None:
    first, second, third = (outline("News", f"https://{host}.example") for host in "abc")
    names = [[feed.name for feed in load(opml(*some)).feeds] for some in ((first, second, third), (first, third))]
    assert names == [["News", "News (b.example)", "News (c.example)"], ["News", "News (c.example)"]]


# --- faults ------------------------------------------------------------------------------------------------------

CURE = "export it anew from your reader"


@pytest.mark.parametrize(
    ("listed", "fault"),
    [
        (
            opml(outline("Wire", "https://wire.example"))[:-9],
            f"feeds.opml:4: ends in the middle: it is cut off; {CURE}",
        ),
        (opml(), f"feeds.opml:None: lists no feed; {CURE}"),
        ("<html/>", f"feeds.opml:1: is not OPML: it begins with <html>; {CURE}"),
    ],
)
def test_a_list_that_cannot_be_read_is_a_fault_with_its_line(load: Load, listed: str, fault: str) -> None:
    assert faults(load, listed) == [fault]


def test_a_list_that_is_not_there_is_a_fault_of_the_line_that_names_it(load: Load, tmp_path: Path) -> None:
    said = (
        f"config.toml:1: {tmp_path}/feeds.opml: there is no such file; export it from your reader, or remove the name"
    )
    assert said in faults(load, None)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("file:///etc/passwd", "begins with file:; write https: or http:"),
        ("wire.example/rss", 'has no scheme; write "https://" before it'),
        ("https://a:hunter2@wire.example", "holds a user or a password; take them out, and write auth"),
    ],
)
def test_a_feed_with_an_address_that_cannot_be_used_is_left_out_with_a_warning(load: Load, url: str, said: str) -> None:
    loaded = load(opml(outline("Wire", "https://wire.example"), outline("Bad", url)))
    [warning] = loaded.warnings
    assert str(warning).partition("feeds.opml")[2].startswith(f":4: feeds: Bad is left out: its address {said}")
    assert [feed.name for feed in loaded.feeds] == ["Wire"]
    assert "hunter2" not in str(warning)


@pytest.mark.parametrize(
    ("url", "asked"),
    [("feed://wire.example/rss", "http://wire.example/rss"), ("feed:https://w.example", "https://w.example")],
)
def test_an_address_that_is_marked_as_a_feed_is_one_of_the_web(load: Load, url: str, asked: str) -> None:
    assert load(opml(outline("Wire", url))).feeds[0].url == asked


def test_a_fault_of_a_feed_in_a_list_has_its_line(load: Load) -> None:
    """Its name is one that an included file has as well, which nobody could have known."""
    loaded = load(opml(outline("Wire", "https://wire.example"), outline("Two", "https://two.example")))
    assert loaded.fault("feeds", "Two", message="x").line == 4


# --- kept, and added ---------------------------------------------------------------------------------------------


def test_a_config_with_a_list_can_be_made_again_from_what_is_kept(load: Load, tmp_path: Path) -> None:
    loaded = load(opml(outline("Вести", "https://wire.example")), 'feeds.own = "https://own.example"')
    (tmp_path / "feeds.opml").unlink()
    again = config.kept(loaded.toml, loaded.path, environment={})
    assert (again.feeds, again.sha256) == (loaded.feeds, loaded.sha256)


def test_a_list_that_changes_is_another_config(load: Load) -> None:
    first = load(opml(outline("Wire", "https://wire.example")))
    assert load(opml(outline("Wire", "https://wire2.example"))).sha256 != first.sha256


def test_feeds_that_were_added_by_command_are_read_without_being_named(load: Load, tmp_path: Path) -> None:
    (tmp_path / "feeds.d").mkdir()
    (tmp_path / "feeds.d" / "added.toml").write_text('[feeds."Le Monde"]\nurl = "https://monde.example"\n')
    listed = opml(outline("Monde", "https://monde.example"), outline("Wire", "https://wire.example"))
    assert [feed.name for feed in load(listed).feeds] == ["Le Monde", "Wire"]
    assert [feed.name for feed in load(listed, 'include = "feeds.d/*.toml"').feeds] == ["Le Monde", "Wire"]


def test_what_would_be_added_can_be_tried_before_it_is_written(load: Load, tmp_path: Path) -> None:
    load(opml(outline("Wire", "https://wire.example")))
    path = tmp_path / "config.toml"
    text = config.with_feed(path, 'Söndag "1"', "https://own.example", ["a", "b"])
    loaded = config.load(path, environment={}, added=text.replace('Söndag \\"1\\"', "Söndag"))
    assert ("Söndag", "https://own.example", ("a", "b")) in feeds(loaded)
    assert not (tmp_path / "feeds.d").exists()
    with pytest.raises(ConfigError, match=r"added\.toml:4: feeds.*the name cannot be used"):
        config.load(path, environment={}, added=text)
