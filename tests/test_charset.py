"""Which characters the bytes of a document stand for."""

from __future__ import annotations

import codecs

import pytest

from monitor import charset

RUSSIAN = "НАТО даёт гарантии безопасности, сообщил министр на встрече в четверг"
UKRAINIAN = "Україна чекає на гарантії безпеки, повідомили в їхньому уряді"
FRENCH = "L’Élysée évoque des garanties de sécurité à Kiev"
GREEK = "Το ΝΑΤΟ δίνει εγγυήσεις ασφαλείας, δήλωσε ο υπουργός την Πέμπτη"
CHINESE = "北约提供安全保障部长周四在会议上表示"


def page(text: str, declared: str = "") -> str:
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    return f"{declaration}<rss><title>{text}</title></rss>"


@pytest.mark.parametrize(
    ("text", "written_in", "declared"),
    [
        (RUSSIAN, "utf-8", ""),
        (RUSSIAN, "utf-8", "utf-8"),
        (RUSSIAN, "utf-8", "windows-1251"),
        (RUSSIAN, "cp1251", "windows-1251"),
        (RUSSIAN, "cp1251", "utf-8"),
        (RUSSIAN, "cp1251", "iso-8859-1"),
        (RUSSIAN, "cp1251", "koi8-r"),
        (RUSSIAN, "cp1251", ""),
        (RUSSIAN, "koi8-r", "koi8-r"),
        (RUSSIAN, "koi8-r", "windows-1251"),
        (RUSSIAN, "koi8-r", ""),
        (RUSSIAN, "iso8859-5", "iso-8859-5"),
        (UKRAINIAN, "cp1251", ""),
        (UKRAINIAN, "koi8-u", "koi8-r"),
        (FRENCH, "cp1252", "iso-8859-1"),
        (FRENCH, "cp1252", "utf-8"),
        (FRENCH, "cp1252", "no-such-encoding"),
        (GREEK, "cp1253", "windows-1253"),
        (CHINESE, "gb18030", "gb2312"),
        ("北約提供安全保障", "big5", "big5"),
        ("日本の安全保障", "iso2022_jp", "iso-2022-jp"),
        ("日本の安全保障", "shift_jis", "Shift_JIS"),
    ],
)
def test_a_text_is_read_whatever_it_is_declared_to_be(text: str, written_in: str, declared: str) -> None:
    document = page(text, declared)
    assert charset.decode(document.encode(written_in), content_type="text/xml") == document


@pytest.mark.parametrize("written_in", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("declared", ["", "utf-8"])
def test_wide_characters_show_by_themselves(written_in: str, declared: str) -> None:
    document = page(RUSSIAN, declared)
    assert charset.decode(document.encode(written_in), content_type="") == document


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_is_believed_and_taken_off(encoding: str) -> None:
    document = page(RUSSIAN, "koi8-r")
    assert charset.decode(document.encode(encoding), content_type="text/xml; charset=big5") == document


def test_the_header_names_an_encoding_before_the_document_does() -> None:
    document = page(GREEK, "big5")
    assert charset.decode(document.encode("cp1253"), content_type='text/xml; charset="windows-1253"') == document


def test_a_header_that_a_server_sends_with_everything_counts_less_than_the_document() -> None:
    document = page(GREEK, "windows-1253")
    assert charset.decode(document.encode("cp1253"), content_type="text/xml; charset=ISO-8859-1") == document


def test_a_web_page_names_its_encoding_in_a_meta_element() -> None:
    document = f"<html><head><meta charset=windows-1253></head><body>{GREEK}</body></html>"
    assert charset.decode(document.encode("cp1253"), content_type="text/html") == document


@pytest.mark.parametrize(
    "codec", ["utf-7", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "rot13", "hex", "undefined", "mbcs"]
)
def test_what_is_no_character_set_is_not_obeyed(codec: str) -> None:
    document = page("+ADw-script+AD4- \\x3cscript\\x3e", codec)
    assert charset.decode(document.encode(), content_type=f"text/xml; charset={codec}") == document


def test_one_bad_byte_spoils_one_character() -> None:
    body = page(RUSSIAN, "utf-8").encode().replace("гарантии".encode(), "гаранти".encode() + b"\xff")
    assert charset.decode(body, content_type="") == page(RUSSIAN, "utf-8").replace("гарантии", "гаранти\ufffd")


def test_a_text_cut_within_a_character_is_read_up_to_it() -> None:
    assert charset.decode(RUSSIAN.encode()[:-1], content_type="") == RUSSIAN[:-1] + "\ufffd"


def test_a_cut_text_is_utf8_under_another_name_too() -> None:
    assert charset.decode(RUSSIAN.encode()[:-1], content_type="text/xml; charset=cp1251") == RUSSIAN[:-1] + "\ufffd"


@pytest.mark.parametrize("text", [RUSSIAN, FRENCH, "Größenwahn – für Österreich"])
def test_what_was_encoded_twice_is_decoded_twice(text: str) -> None:
    twice = "".join(
        bytes([byte]).decode("cp1252") if byte not in b"\x81\x8d\x8f\x90\x9d" else chr(byte) for byte in text.encode()
    )
    assert charset.decode(twice.encode(), content_type="") == text


@pytest.mark.parametrize("text", ["SÃO PAULO: 5 €", "Ð is a letter of Iceland", f"Ã© {RUSSIAN}", "Ã¼ – é à è ù ç"])
def test_what_was_encoded_once_is_decoded_once(text: str) -> None:
    assert charset.decode(text.encode(), content_type="") == text


def test_a_text_that_is_not_cyrillic_is_not_made_so() -> None:
    body = page(CHINESE * 3).encode("gb18030")
    assert charset.decode(body, content_type="") == body.decode("cp1252", "replace")


def test_every_encoding_that_may_be_named_is_known_to_python_by_that_name() -> None:
    assert {codecs.lookup(name).name for name in charset._ALLOWED} == set(charset._ALLOWED)
