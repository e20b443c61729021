"""What is exported comes back as it was, whatever the names, tags and addresses."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from monitor import config, opml
from monitor.opml import NotAList, Outline
from tests.properties.laws import law, texts, words

NAMES = words.map(lambda name: name.translate(dict.fromkeys(map(ord, "*?[]:,\"' "))).strip()).filter(str.isprintable)
REST = 'rules.nato = "NATO"\nchannels.desk = "console:"\nopml = "feeds.opml"\n'


@st.composite
def outlines(draw: st.DrawFn) -> list[Outline]:
    """Draw feeds as a config has them: names and addresses unlike each other, tags of any words."""
    names = draw(st.lists(NAMES.filter(bool), min_size=1, max_size=6, unique=True))
    tags = st.lists(words.map(str.strip).filter(bool), max_size=3, unique=True).map(tuple)
    return [
        Outline(name=name, url=f"https://{n}.example/?a=1&b=<{n}>", tags=draw(tags)) for n, name in enumerate(names)
    ]


@law
@given(outlines())
def test_an_exported_list_is_watched_as_the_same_feeds(feeds: list[Outline]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "config.toml")
        path.write_text(REST)
        path.with_name("feeds.opml").write_text(opml.write(feeds), encoding="utf-8")
        loaded = config.load(path, environment={})
    assert {(feed.name, feed.url, frozenset(feed.tags)) for feed in loaded.feeds} == {
        (feed.name, feed.url, frozenset(feed.tags)) for feed in feeds
    }


@law
@given(outlines())
def test_an_imported_list_is_written_as_the_same_feeds(feeds: list[Outline]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "config.toml")
        path.write_text(REST.partition("opml")[0])
        addition = config.with_list(path, path, opml.write(feeds))
        loaded = config.load(path, environment={}, added=addition.text)
    assert (addition.known, addition.left_out) == (0, ())
    assert {(feed.name, feed.url, frozenset(feed.tags)) for feed in loaded.feeds} == {
        (feed.name, feed.url, frozenset(feed.tags)) for feed in feeds
    }


@law
@given(texts, st.binary(max_size=200))
def test_whatever_a_file_holds_it_is_a_list_or_none(text: str, raw: bytes) -> None:
    for each in (text, opml.decode(raw), f"<opml><body>{text}</body></opml>", f"<opml><outline text='{text}'/></opml>"):
        assert isinstance(opml.read(each), tuple | NotAList)


@law
@given(st.lists(st.builds(Outline, name=texts, url=texts, tags=st.tuples(texts)), max_size=5))
def test_whatever_feeds_are_called_what_is_written_can_be_read(feeds: list[Outline]) -> None:
    found = opml.read(opml.write(feeds))
    assert isinstance(found, tuple) or found.detail == "lists no feed"
