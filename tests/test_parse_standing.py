"""What stands in a document as it stood before is known by its letters."""

from __future__ import annotations

import tarfile

import pytest

from monitor import item, parse
from monitor.feed import Parsed, same
from monitor.item import Entry
from tests.conftest import SHARED, needs_shared

URL = "https://news.example/rss"


def entry(number: int, title: str = "News", more: str = "") -> str:
    return (
        f"<item{more}><guid>{number}</guid><title>{title} {number}</title>"
        "<pubDate>Tue, 24 Nov 2026 10:00:00 GMT</pubDate></item>"
    )


def rss(*items: str, more: str = "") -> str:
    return f"<rss version='2.0'{more}><channel><title>Wire</title>{''.join(items)}</channel></rss>"


def read(document: str, before: str | None = None, *, url: str = URL, until: str = URL) -> Parsed:
    """Read a document, after another at the same address that is remembered."""
    remembered = b""
    if before is not None:
        first = parse.feed(before.encode(), content_type="", url=until)
        assert isinstance(first, Parsed)
        remembered = first.remembered
    found = parse.feed(document.encode(), content_type="", url=url, remembered=remembered)
    assert isinstance(found, Parsed)
    return found


def headlines(found: Parsed) -> list[str]:
    return [each.headline for each in found.entries]


def test_what_stands_there_as_before_is_not_read_again() -> None:
    found = read(rss(entry(2), entry(1)), rss(entry(1), entry(0)))
    (known,) = read(rss(entry(1))).entries
    assert headlines(found) == ["News 2"]
    assert same.unpacked(found.same) == ((item.key(known)[:8],), known.published)


def test_of_the_dates_of_what_stands_there_as_before_the_earliest_is_told() -> None:
    later = entry(2).replace("10:00:00", "11:00:00")
    undated = "<item><guid>4</guid><title>a</title></item>"
    document = rss(later, entry(1), undated, later.replace("2<", "3<"))
    earliest = min(each.published for each in read(document).entries if each.published)
    assert same.unpacked(read(document, document).same)[1] == earliest


def test_what_is_remembered_is_what_a_whole_reading_would_remember() -> None:
    document = rss(entry(3), entry(2, "Changed"), entry(1))
    assert read(document, rss(entry(2), entry(1))).remembered == read(document).remembered != b""


def test_one_letter_makes_an_entry_another() -> None:
    assert headlines(read(rss(entry(1, "news")), rss(entry(1)))) == ["news 1"]


def test_an_entry_without_a_date_has_none_when_it_is_known() -> None:
    undated = "<item><guid>1</guid><title>a</title></item>"
    assert same.unpacked(read(rss(undated), rss(undated)).same)[1] is None


@pytest.mark.parametrize(
    ("document", "before"),
    [
        (rss(entry(1), entry(1, "Other")), rss(entry(1), entry(1, "Other"))),
        (rss(entry(1), entry(1)), rss(entry(1), entry(1))),
        (rss(entry(1, "Other"), entry(1)), rss(entry(1))),
        (rss(f"<!-- {entry(1)} -->", entry(2)), rss(f"<!-- {entry(1)} -->", entry(2))),
        (rss(f"<item>{entry(1)}</item>"), rss(f"<item>{entry(1)}</item>")),
        (rss(entry(1), more=" xmlns:a='b'"), rss(entry(1))),
        (rss(*(entry(n) for n in range(1_001))), rss(*(entry(n) for n in range(1_001)))),
        (rss("<item><pubDate>now</pubDate></item>"), rss("<item><pubDate>now</pubDate></item>")),
    ],
    ids=[
        *("guid shared", "entry twice", "guid of a known one", "in a comment", "one in another"),
        *("names that mean something else", "too many", "nothing said"),
    ],
)
def test_what_letters_alone_do_not_make_is_read_whole(document: str, before: str) -> None:
    found = read(document, before)
    assert found.same == b""
    assert found.entries == read(document).entries


def test_an_address_is_part_of_what_letters_mean() -> None:
    assert read(rss(entry(1)), rss(entry(1)), until="https://old.example/rss").same == b""


def test_words_in_a_name_of_an_element_are_no_entry() -> None:
    document = rss("<items><x/></items>", entry(1))
    assert len(same.unpacked(read(document, document).same)[0]) == 1


def test_a_document_that_breaks_off_is_read_whole_as_far_as_it_goes() -> None:
    whole = rss(entry(2), entry(1))
    found = read(whole[: whole.rindex("<pubDate>")], whole)
    assert (found.same, headlines(found)) == (b"", ["News 2"])


def test_atom_is_known_too() -> None:
    document = "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id></entry><entry><id>2</id></entry></feed>"
    assert len(same.unpacked(read(document, document).same)[0]) == 2


@pytest.mark.slow
@needs_shared
@pytest.mark.parametrize("name", ["most", "kavkaz_soc", "reuters"])
def test_versions_of_a_feed_hold_the_same_whether_they_are_read_whole_or_not(name: str) -> None:
    remembered = b""
    seen: dict[bytes, Entry] = {}
    with tarfile.open(SHARED / "corpus" / "series" / f"{name}.tar.xz") as archive:
        for member in archive:
            version = archive.extractfile(member)
            if version is None:
                continue
            body = version.read()
            whole = parse.feed(body, content_type="", url=URL)
            found = parse.feed(body, content_type="", url=URL, remembered=remembered)
            assert isinstance(whole, Parsed)
            assert isinstance(found, Parsed)
            told = {item.key(each)[:8]: each for each in found.entries}
            seen.update(told)
            again = {key: seen[key] for key in same.unpacked(found.same)[0]}
            assert {item.key(each)[:8]: each for each in whole.entries} == told | again
            remembered = found.remembered
