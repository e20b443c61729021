"""When two entries are the same, and when one has changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import item, markup
from monitor.item import Change, Entry
from tests.properties.laws import law

WORDS = st.lists(st.text("abcdeßéжзи日本", min_size=1, max_size=6), min_size=1, max_size=8)
PAIRS = st.lists(st.tuples(st.sampled_from("abcdu"), st.text("xyz019", max_size=4)), max_size=4)
TRACKING = st.tuples(
    st.sampled_from(["utm_source", "UTM_Medium", "at_campaign", "fbclid", "gclid", "mc_cid", "ref_src", "cmpid"]),
    st.text("xyz019", max_size=4),
)


def written(words: list[str]) -> Entry:
    return Entry(headline=" ".join(words), lead=" ".join(reversed(words)), body=" | ".join(words))


def changed(entry: Entry, by: Callable[[str], str]) -> Entry:
    return replace(entry, headline=by(entry.headline), lead=by(entry.lead), body=by(entry.body))


def stands(entry: Entry, to: Entry) -> Change:
    return item.compare(entry, item.remembered(to, 1))


@pytest.mark.parametrize(
    "by",
    [
        str.upper,
        lambda text: f"  {text}\n\n".replace(" ", " \t\u00a0"),
        "\u00ad".join,
        lambda text: markup.headline(f"<p><b>{text}</b><br/></p><script>x</script>"),
    ],
    ids=["case", "space", "soft hyphens", "markup"],
)
@law
@given(words=WORDS)
def test_an_entry_written_another_way_is_the_same(by: Callable[[str], str], words: list[str]) -> None:
    assert stands(changed(written(words), by), written(words)) is Change.SAME


@law
@given(words=WORDS, data=st.data())
def test_another_word_in_any_place_is_a_change(words: list[str], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(words) - 1))
    field = data.draw(st.sampled_from(["headline", "lead", "body"]))
    other = written([*words[:place], "quite-another", *words[place + 1 :]])
    assert stands(replace(written(words), **{field: getattr(other, field)}), written(words)) is Change.CHANGED


@law
@given(words=WORDS)
def test_words_that_move_from_the_headline_to_the_lead_are_a_change(words: list[str]) -> None:
    below = Entry(lead=" ".join(words))
    assert stands(below, Entry(headline=below.lead)) is Change.CHANGED


def address(pairs: list[tuple[str, str]]) -> Entry:
    query = "&".join(f"{name}={value}" for name, value in pairs)
    return Entry(link=f"https://news.example/a/b?{query}")


@law
@given(pairs=PAIRS, tracking=st.lists(TRACKING, min_size=1, max_size=3), data=st.data())
def test_where_a_reader_came_from_is_no_part_of_an_identity(
    pairs: list[tuple[str, str]], tracking: list[tuple[str, str]], data: st.DataObject
) -> None:
    followed = list(pairs)
    for each in tracking:
        followed.insert(data.draw(st.integers(0, len(followed))), each)
    assert item.key(address(followed)) == item.key(address(pairs))


@law
@given(pairs=PAIRS, value=st.text("xyz019", max_size=4))
def test_every_other_parameter_is_part_of_the_identity(pairs: list[tuple[str, str]], value: str) -> None:
    assert item.key(address([*pairs, ("page", value)])) != item.key(address(pairs))


@law
@given(one=PAIRS, other=PAIRS, guid=st.text(min_size=1, max_size=20), words=WORDS)
def test_a_guid_alone_is_the_identity(
    one: list[tuple[str, str]], other: list[tuple[str, str]], guid: str, words: list[str]
) -> None:
    moved = replace(address(other), guid=guid, headline=" ".join(words))
    assert item.key(replace(address(one), guid=guid)) == item.key(moved)
    assert item.key(moved) != item.key(replace(moved, guid=f"{guid}1"))
