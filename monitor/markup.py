"""Text out of markup, and text without what no text may hold: what passes here is safe to store, print and match."""

from __future__ import annotations

import html
import re
import unicodedata

from monitor.letters import spaced

#: Characters a headline may have; the longest in 220 real feeds has 300.
HEADLINE_LIMIT = 500
#: Characters a text may have.
TEXT_LIMIT = 200_000

_NON_CHARACTERS = "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
#: Controls (PostgreSQL refuses NUL, terminals obey ESC), marks that turn the direction of writing, zero-width
#: characters that split words unseen, surrogates and non-characters. White space among the controls is not here; the
#: joiners U+200C and U+200D are not either: Persian and emoji need them.
_UNSEEN = re.compile(
    "[\0-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    f"\ud800-\udfff\ufdd0-\ufdef{_NON_CHARACTERS}]"
)

_NOT_TEXT = re.compile(
    r"<!--.*?-->|<!\[CDATA\[|\]\]>|<(script|style|svg|template)\b[^<>]*(?<!/)>.*?</\1\s*>", re.IGNORECASE | re.DOTALL
)
#: What _NOT_TEXT may find; most texts have none of it, and this is found ten times faster not to be there.
_MAYBE_NOT_TEXT = re.compile(r"<(?:!|s[ctv]|te)", re.IGNORECASE)
#: One tag; a quote that never ends does not take the text behind it along. Possessive, so that it cannot backtrack.
_TAG = re.compile(
    r"""<(?:[!?][^<>]*|/?(?P<name>[a-z][\w:-]*)"""
    r"""(?:[\s/](?:(?:[^<>"'=]++|=\s*"[^"]*"|=\s*'[^']*')*+(?=>)|[^<>]*))?)>""",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});", re.IGNORECASE)

#: Elements that end the line they stand in.
_BLOCKS = frozenset(
    """address article aside blockquote body br canvas caption center dd details dialog dir div dl dt fieldset
    figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 head header hr html legend li main menu nav noscript ol
    optgroup option p pre search section select summary table tbody tfoot thead title tr ul
    """.split()  # noqa: SIM905 - a table of words
)
#: Elements that stand apart within a line.
_CELLS = frozenset({"td", "th", "img", "video", "audio", "iframe", "object", "embed", "input", "button", "textarea"})
#: Elements that are part of the flow of words. Any other name in angle brackets is text: "List<String>".
_INLINE = frozenset(
    """a abbr acronym applet area b base basefont bdi bdo big blink cite code col colgroup data datalist del dfn em font
    frame i ins kbd label link map mark marquee meta meter nobr noframes output param picture progress q rb rp rt rtc
    ruby s samp script slot small source span strike strong style sub sup svg template time track tt u var wbr
    """.split()  # noqa: SIM905 - a table of words
)


def headline(markup: str) -> str:
    """Return the text of a headline, in one line."""
    return _cut(spaced(_plain(markup)), HEADLINE_LIMIT)


def text(markup: str) -> str:
    """Return the text of a document in lines, each a paragraph, none empty.

    Tags, scripts and comments are gone and references are characters, once: what was escaped twice stays readable.
    """
    return _lines(_plain(markup))


def clean(plain: str) -> str:
    """Return a text that was never markup, without what no text may hold."""
    return _lines(_seen(plain))


def _lines(words: str) -> str:
    if words.isprintable():  # so it is one line
        return _cut(spaced(words), TEXT_LIMIT)
    lines = map(spaced, words.splitlines())
    return _cut("\n".join(filter(None, lines)), TEXT_LIMIT)


def _seen(words: str) -> str:
    """Return the words without characters that nobody sees; the interpreter knows at once that most have none."""
    printable = words.isprintable() or words.replace("\n", "").replace("\xa0", "").isprintable()
    return words if printable else _UNSEEN.sub("", words)


def _plain(markup: str) -> str:
    words = markup
    if _MAYBE_NOT_TEXT.search(words) or "]]>" in words:
        words = _NOT_TEXT.sub(" ", words)
    if "<" in words and _TAG.search(words):
        if not words.isprintable():  # in markup a line end is but a space
            words = spaced(words)
        words = _TAG.sub(_seam, words)
    if "&" in words:
        words = _REFERENCE.sub(lambda match: html.unescape(match[0]), words)
    return _seen(words)


def _seam(tag: re.Match[str]) -> str:
    """Return what stands in the place of a tag."""
    name = (tag["name"] or "").lower()
    if name in _BLOCKS:
        return "\n"
    if name in _CELLS:
        return " "
    known = not name or name in _INLINE or ":" in name or "-" in name
    return "" if known else tag[0]


def _cut(words: str, limit: int) -> str:
    """Return at most so many characters, and no letter without the marks that follow it."""
    if len(words) <= limit:
        return words
    end = limit
    while end and unicodedata.combining(words[end]):
        end -= 1
    return words[: end or limit].rstrip()
