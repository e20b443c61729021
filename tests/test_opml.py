"""Lists of feeds are read without trust, and written so that other readers understand them."""

from __future__ import annotations

import pytest

from monitor import opml
from monitor.opml import DEEPEST, MOST, NotAList, Outline
from tests.conftest import SHARED

HEAD = '<?xml version="1.0"?>\n<opml version="2.0"><head><title>mine</title></head>\n<body>\n'
END = "</body></opml>"


def read(body: str) -> tuple[Outline, ...]:
    found = opml.read(f"{HEAD}{body}{END}")
    assert not isinstance(found, NotAList), found
    return found


def test_a_feed_has_its_name_its_address_and_its_line() -> None:
    assert read('\n<outline type="rss" text="Wire" xmlUrl=" https://wire.example/rss "/>') == (
        Outline(name="Wire", url="https://wire.example/rss", line=5),
    )


@pytest.mark.parametrize(
    ("attributes", "name"),
    [
        ('text="Wire" title="The Wire"', "Wire"),
        ('title="The Wire"', "The Wire"),
        ('text="" title="The Wire"', "The Wire"),
        ('text=" two&#10;lines&#x202e;"', "two lines"),
        ("", ""),
    ],
)
def test_the_name_is_what_the_reader_shows(attributes: str, name: str) -> None:
    assert read(f'<outline {attributes} xmlUrl="https://wire.example"/>')[0].name == name


@pytest.mark.parametrize("attribute", ["xmlUrl", "xmlurl", "XMLURL"])
def test_the_case_of_an_attribute_does_not_matter(attribute: str) -> None:
    assert read(f'<outline {attribute}="https://wire.example"/>')[0].url == "https://wire.example"


def test_folders_are_tags_however_deep() -> None:
    body = (
        '<outline text="world"><outline text="europe"><outline text="A" xmlUrl="https://a.example"/></outline>'
        '<outline text="B" xmlUrl="https://b.example"/></outline><outline text="C" xmlUrl="https://c.example"/>'
    )
    assert [each.tags for each in read(body)] == [("world", "europe"), ("world",), ()]


def test_a_folder_without_a_name_and_one_inside_its_like_add_nothing() -> None:
    body = '<outline><outline text="a"><outline text="a"><outline xmlUrl="https://a.example"/></outline></outline></outline>'
    assert read(body)[0].tags == ("a",)


def test_an_outline_that_leads_to_another_list_is_not_followed() -> None:
    body = '<outline type="include" url="https://else.example/more.opml"/><outline xmlUrl="https://a.example"/>'
    assert [each.url for each in read(body)] == ["https://a.example"]


# --- what is no list ---------------------------------------------------------------------------------------------

FEED = '<outline xmlUrl="https://a.example"/>'


@pytest.mark.parametrize(
    ("text", "detail", "line"),
    [
        ("", "ends in the middle: it is cut off", 1),
        (f"{HEAD}{FEED}", "ends in the middle: it is cut off", 4),
        (f'{HEAD}{FEED}\n<outline text="Wi', "ends in the middle: it is cut off", 5),
        (f"{HEAD}{FEED}</outline>{END}", "is not proper XML: mismatched tag", 4),
        (f"{HEAD}{FEED}<outline text='&nbsp;'/>{END}", "is not proper XML: undefined entity", 4),
        ("feeds = 1", "is not proper XML: syntax error", 1),
        (f"{HEAD}{END}", "lists no feed", None),
        (f"{HEAD}<outline text='folder'/>{END}", "lists no feed", None),
        ("<rss><channel/></rss>", "is not OPML: it begins with <rss>", 1),
        ('<!DOCTYPE opml [<!ENTITY a "b">]><opml/>', "declares entities, which no list of feeds needs", 1),
        ("<opml>" + "<outline>" * DEEPEST, f"is nested more than {DEEPEST} deep", 1),
        ("x" * (MOST + 1), "is larger than 4 MiB", None),
    ],
)
def test_what_is_no_list_says_why_and_where(text: str, detail: str, line: int | None) -> None:
    found = opml.read(text)
    assert isinstance(found, NotAList)
    assert (found.detail, found.line) == (detail, line)
    assert found.cure


def test_an_entity_from_a_file_is_not_read() -> None:
    found = opml.read('<!DOCTYPE opml [<!ENTITY a SYSTEM "file:///etc/passwd">]><opml><body>&a;</body></opml>')
    assert isinstance(found, NotAList)


HOSTILE = SHARED / "corpus" / "hostile"


@pytest.mark.skipif(not HOSTILE.is_dir(), reason="the shared corpus is not here")
@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("opml_lol.opml", "declares entities, which no list of feeds needs"),
        ("opml_nest_3k.opml", f"is nested more than {DEEPEST} deep"),
    ],
)
def test_a_hostile_list_is_refused(name: str, refused: str) -> None:
    found = opml.read(opml.decode((HOSTILE / name).read_bytes()))
    assert isinstance(found, NotAList)
    assert found.detail == refused


# --- encodings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("", "utf-8"),
        ("", "utf-8-sig"),
        ("", "utf-16"),
        ("utf-8", "utf-8"),
        ("UTF-16", "utf-16"),
        ("utf-16", "utf-8"),
        ("windows-1251", "cp1251"),
        ("koi8-r", "koi8-r"),
        ("utf-8", "utf-8-sig"),
    ],
)
def test_a_list_is_read_in_its_encoding(declared: str, encoding: str) -> None:
    mark = f' encoding="{declared}"' if declared else ""
    text = f'<?xml version="1.0"{mark}?><opml><body><outline text="Новости" xmlUrl="https://a.example"/></body></opml>'
    found = opml.read(opml.decode(text.encode(encoding)))
    assert isinstance(found, tuple)
    assert found[0].name == "Новости"


def test_an_encoding_that_no_list_has_is_read_as_utf_8() -> None:
    assert opml.decode(b'<?xml version="1.0" encoding="utf-7"?><opml>+AGE-</opml>').endswith("<opml>+AGE-</opml>")


def test_a_byte_that_is_none_of_the_encoding_spoils_one_letter() -> None:
    assert opml.decode(b"<opml>caf\xe9</opml>") == "<opml>caf\ufffd</opml>"


# --- written -----------------------------------------------------------------------------------------------------


def test_a_list_is_written_in_folders_with_what_has_none_first() -> None:
    written = opml.write(
        (
            Outline(name="A & B", url="https://a.example/?x=1&y=2", tags=("wire", "europe")),
            Outline(name='C "<c>"', url="https://c.example"),
        )
    )
    assert written == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<opml version="2.0">\n'
        "  <head><title>Feeds of wirebell</title></head>\n"
        "  <body>\n"
        """    <outline type="rss" text='C "&lt;c&gt;"' title='C "&lt;c&gt;"' xmlUrl="https://c.example"/>\n"""
        '    <outline text="wire">\n'
        '      <outline type="rss" text="A &amp; B" title="A &amp; B" xmlUrl="https://a.example/?x=1&amp;y=2"/>\n'
        "    </outline>\n"
        '    <outline text="europe">\n'
        '      <outline type="rss" text="A &amp; B" title="A &amp; B" xmlUrl="https://a.example/?x=1&amp;y=2"/>\n'
        "    </outline>\n"
        "  </body>\n"
        "</opml>\n"
    )
