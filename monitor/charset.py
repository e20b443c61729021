"""The characters of a document: which encoding its bytes are in, whatever its labels say, and the text they make."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from contextlib import suppress

#: Encodings that documents may name. Python would also obey ``utf-7``, ``idna``, ``unicode_escape`` and the like, which
#: smuggle markup or are no character sets at all; a document that names one of those is read as if it named none.
_ALLOWED = frozenset(
    {
        *("utf-8", "ascii", "koi8-r", "koi8-u", "cp866", "mac-cyrillic", "mac-roman", "ptcp154", "kz1048", "cp874"),
        *(f"cp{page}" for page in range(1250, 1259)),
        *(f"iso8859-{part}" for part in (*range(1, 12), *range(13, 17))),
        *("gb2312", "gbk", "gb18030", "big5", "big5hkscs"),
        *("shift_jis", "cp932", "euc_jp", "iso2022_jp", "euc_kr", "cp949"),
    }
)
#: The smaller set is meant where the larger one is written, as browsers read it (WHATWG Encoding, section 4.2).
_LARGER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "koi8-r": "koi8-u",
}
#: What servers and editors write without a look at the text.
_DEFAULTS = frozenset({"utf-8", "cp1252"})
#: Told apart by the text itself, since each is found under the other's name.
_CYRILLIC = ("cp1251", "koi8-u")
#: So many more characters must come out of a second decoding than bytes that spoil it before it is believed.
_OVERWHELMING = 20

#: UTF-8 that was taken for Windows-1252 and encoded once more begins its characters like this: "Ã¼", "â€™", "Ð¿".
#: Looked for in UTF-8, where each begins with the same byte: a byte is found thirty times faster than a pattern.
_TO_BYTE = {bytes([byte]).decode("cp1252", "replace"): byte for byte in range(0x80, 0xA0)}
_TWICE_BEGINS = b"\xc3"
_TWICE = re.compile(b"\xc3[\x82-\xb4](?:\xc2|%b)" % b"|".join(re.escape(each.encode()) for each in _TO_BYTE))

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    # No mark, but the first "<" shows how wide a character is (XML 1.0, appendix F).
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<\0", "utf-16-be"),
)
_NAME = r"""\s*=\s*["']?([\w.:-]{1,40})"""
_IN_HEADER = re.compile(r"charset" + _NAME, re.IGNORECASE)
_IN_DOCUMENT = re.compile(
    (r"(?:<\?xml[^>]{0,200}?\bencoding|<meta[^>]{0,200}?\bcharset)" + _NAME).encode(), re.IGNORECASE
)
#: A document names its encoding early or not at all.
_HEAD = 4096
_ASCII = bytes(range(128))
#: Begins what is no ASCII in ISO-2022-JP, the one encoding that writes it in bytes of ASCII.
_ESCAPE = b"\x1b"
#: A Cyrillic word stands in a row of bytes above ASCII, of so many or more; a Western accent mostly stands alone.
_ROW = 3
_BLANKS_FOR_ASCII = bytes.maketrans(_ASCII, b" " * len(_ASCII))
#: Enough letters to tell encodings by; where there are more, these will do.
_ENOUGH, _SAMPLE = 12, 50_000
#: Russian letters, the most frequent first; each weighs by its place.
_WEIGHTS = dict(zip("оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфёіїєґ", range(36, 0, -1), strict=True))
#: Mean weight that only a Cyrillic text reaches: over 7,500 Russian news items, twenty together have 26 to 29 under
#: their own encoding and 23 at most under the other; Western, Greek and East Asian feeds have 20 at most.
_CYRILLIC_WEIGHT = 24


def decode(body: bytes, *, content_type: str) -> str:
    """Return the text of a document, with U+FFFD for bytes that stand for no character.

    What the bytes say counts more than what labels say: a byte order mark, then valid UTF-8, then a Cyrillic text under
    a name that is not its own, and only then the encodings that the header and the document name. A document that was
    encoded twice, as some news sites do, is decoded twice.
    """
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body.decode(encoding, "replace").removeprefix("\ufeff")
    if _ESCAPE not in body:
        with suppress(UnicodeDecodeError):
            return _decoded_once_more(body.decode(), body)
    named = _named(body, content_type)
    if named == "iso2022_jp":  # in ASCII bytes alone, so it would pass for UTF-8
        return body.decode(named, "replace")
    text = body.decode("utf-8", "replace")
    good, bad = _weigh_utf8(body, text)
    if not bad or good > bad:  # over 220 feeds in 12 other encodings, chance made 0.7 good to 1 bad at most
        return _decoded_once_more(text, text.encode())
    if named is None or named in _CYRILLIC:
        named = _cyrillic(body) or named
    return body.decode(named or "cp1252", "replace")


def _named(body: bytes, content_type: str) -> str | None:
    """Return the encoding that header or document name, None when it is one that is written without a look."""
    labels = [match[1] for match in (_IN_HEADER.search(content_type),) if match]
    labels += [match[1].decode("ascii", "replace") for match in (_IN_DOCUMENT.search(body, 0, _HEAD),) if match]
    names = (_known(label) for label in labels)
    return next((name for name in names if name and name not in _DEFAULTS), None)


def _known(label: str) -> str | None:
    try:
        name = codecs.lookup(label).name
    except (LookupError, UnicodeError):
        return None
    return _LARGER.get(name, name) if name in _ALLOWED else None


def _weigh_utf8(body: bytes, text: str) -> tuple[int, int]:
    """Return how many characters beyond ASCII are valid UTF-8, and how many bytes are not."""
    above_ascii = len(body.translate(None, _ASCII))
    characters = len(text) - (len(body) - above_ascii)
    bad = text.count("\ufffd") - body.count("\ufffd".encode())
    return characters - bad, bad


def _decoded_once_more(text: str, written: bytes) -> str:
    """Return the text of a document that was encoded twice as a whole, and any other text as it is.

    ``written`` is the text in UTF-8.
    """
    if _TWICE_BEGINS not in written or not _TWICE.search(written):
        return text
    try:
        body = text.encode("cp1252", _CONTROLS)
    except UnicodeEncodeError:
        return text
    once = body.decode("utf-8", "replace")
    good, bad = _weigh_utf8(body, once)
    return once if good > bad * _OVERWHELMING else text


def _control(fault: UnicodeError) -> tuple[bytes, int]:
    """Encode characters that Windows-1252 does not have as the bytes that it leaves free; raise where one has none."""
    assert isinstance(fault, UnicodeEncodeError)  # noqa: S101 - what is asked of an encoder's handler
    characters = fault.object[fault.start : fault.end]
    if not all(character in _TO_BYTE or character < "\u00a0" for character in characters):
        raise fault
    return bytes(_TO_BYTE.get(character, ord(character)) for character in characters), fault.end


_CONTROLS = "wirebell.controls"
codecs.register_error(_CONTROLS, _control)


def _cyrillic(body: bytes) -> str | None:
    """Return which Cyrillic encoding the bytes are in, None when they are no Cyrillic text."""
    sample = body[:_SAMPLE]
    rows = b" ".join(row for row in sample.translate(_BLANKS_FOR_ASCII).split() if len(row) >= _ROW)
    if len(rows) < _ENOUGH or 2 * len(rows) < len(sample.translate(None, _ASCII)):
        return None
    weight, encoding = max((_weight(rows.decode(name, "replace")), name) for name in _CYRILLIC)
    return encoding if weight >= _CYRILLIC_WEIGHT else None


def _weight(text: str) -> float:
    letters = Counter(text.replace(" ", "").lower())
    return sum(_WEIGHTS.get(letter, 0) * count for letter, count in letters.items()) / letters.total()
