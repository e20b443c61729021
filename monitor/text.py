"""A text as rules read it: words with their places, sentences, paragraphs and fields.

Words keep the characters they were written with, so every place found in them is a place in the original; how a word
is to be understood (``Form``) follows from its characters alone and is remembered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice, repeat
from typing import NamedTuple

from monitor import language as languages
from monitor.letters import (
    APOSTROPHES,
    DOUBLE_QUOTES,
    HIDDEN,
    HYPHENS,
    MARKS,
    Script,
    disguised,
    script,
    unmixed,
    visible,
)
from monitor.letters import fold as fold  # noqa: PLC0414 - the one folded form, for readers of texts and of items alike

#: What is written in an item; the other fields are about it.
WRITTEN = ("headline", "lead", "text")
#: This many sentences after the headline are the opening, whether they stand in the lead or begin the text.
OPENING = 3

_LETTERS = rf"\w+(?:[{MARKS}{HIDDEN}]+\w*)*"
#: "M6.2", the magnitude of an earthquake, is one word, as C++ and C# are.
_WORD = rf"{_LETTERS}(?:[{APOSTROPHES}]{_LETTERS})*(?:\+\+|(?<=\b\w)#|\.(?<=\b[^\W\d]\d\.)\d{{1,3}}(?![\w.]))?"
_ACRONYM = rf"(?:[^\W\d]\.){{2,}}(?:[^\W\d](?!\w))?(?:[{APOSTROPHES}]s\b)?"
#: Digits with marks between (2,700.5), or in groups with blanks between (2 700,5): no tail of a name (COVID-19 300).
_GROUPS = rf"(?<![\w{re.escape(HYPHENS)}/.,])[1-9]\d{{0,2}}(?:[ \u00a0\u2009\u202f]\d{{3}})+(?!\w)(?:[.,]\d+)?"
_NUMBER = rf"(?=\d)(?:{_GROUPS}|\d+(?:[.,]\d+)+)"
_CLOSERS = rf"[{re.escape(DOUBLE_QUOTES + APOSTROPHES)})\]]*"
_END = rf"(?<![.!?…])[.!?…]+{_CLOSERS}(?=\s)|(?<=[^\W\d])\.(?=[^\W\d])|[。！？।؟]+{_CLOSERS}"
_BREAK = rf"[,:;()\[\]{{}}<>—|\\•·，：；、（）]|(?<=\s)[{re.escape(HYPHENS)}]+(?=\s)|--"
#: Most words: with a blank or a comma behind them, they can be no more than their letters.
_PLAIN = r"(?!\d)\w++(?=[ ,\n])"
#: One pass finds all there is to find; the groups are, in order: words, line ends, sentence ends, breaks. No part of it
#: can fail after a long run, so a hostile page of dots or blanks takes no longer than another.
_ANY_WORD = rf"{_PLAIN}|{_ACRONYM}|{_NUMBER}|{_WORD}"
_SCAN = re.compile(rf" ?(?:({_ANY_WORD})|(\n)|({_END})|({_BREAK}))")
#: The words alone, in half the time.
_WORDS = re.compile(rf" ?({_ANY_WORD})")
_IS_WORD, _IS_LINE, _IS_END = 1, 2, 3
_OPENERS = re.compile(rf"[\s{re.escape(DOUBLE_QUOTES + APOSTROPHES)}(\[—–-]*")
_NEXT_WORD = re.compile(r"\w+")
#: Scripts that put no blank between words: each character is read as a word, a name as a phrase of them. Katakana, in
#: which Japanese writes foreign names, is read as a whole: India (インド) is no part of Indonesia (インドネシア).
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_KATAKANA = "[\u30a1-\u30fa\u30fc-\u30ff\uff66-\uff9f]+"
_UNSPACED_PIECES = re.compile(f"{_KATAKANA}|{_UNSPACED.pattern}[{MARKS}]*|(?:(?!{_UNSPACED.pattern}).)+", re.DOTALL)

#: A full stop after these does not end a sentence, unless a word that often begins one follows.
_ABBREVIATIONS = frozenset(
    fold(
        "mr mrs ms dr prof gen sen rep gov lt col maj capt cpl sgt adm hon rev supt st jr sr inc corp co ltd bros vs "
        "etc mt ft ave blvd jan feb mar apr jun jul aug sep sept oct nov dec bzw ca nr str abs bspw evtl ggf inkl mio "
        "mrd tsd usw vgl geb dipl mme mlle env bd sra srta pág núm dott avv "
        "гг ул им тыс млн млрд руб коп стр рис см др пр св обл тел янв фев апр авг сент окт ноя дек вул грн"
    ).split()
)
#: Nor does one between these and a number: No. 5, Art. 5.
_NUMBERED = frozenset(fold("no nos nr art abs sec ch vol fig pp núm ст п гл рис стр").split())
#: Words that often begin a sentence, and no name.
_OPENING = languages.FUNCTION_WORDS["en"] | languages.FUNCTION_WORDS["ru"] | languages.FUNCTION_WORDS["uk"]
#: Enough words to tell a language by.
_SAMPLE = 400
#: A copied lead shorter than this may be a coincidence.
_SHORTEST_COPY = 3


class Sentence(NamedTuple):
    """A sentence of a field; the headline is always the first, as a whole."""

    field: str
    #: Counted from 1 within the field.
    paragraph: int
    #: First character in the field, and the one after the last.
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A word as rules compare it."""

    #: The spellings it is found under, folded; several where look-alike letters allow several readings.
    folded: tuple[str, ...]
    #: Lower case, with accents: what stemmers want.
    lower: str
    #: As seen, in its own case: what ``=word`` compares.
    spelled: str
    #: 0 in lower case, 1 with a capital, 2 all in capitals.
    capitals: int
    script: Script
    #: The Cyrillic word that a word of Latin capitals looks like, folded; empty for none.
    disguised: str
    #: Characters before and behind that are not of the word: an elided article, a possessive.
    head: int
    tail: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the words of a text stand."""

    #: Where each word begins in its field.
    starts: tuple[int, ...]
    #: The sentence each word stands in.
    sentence: tuple[int, ...]
    #: Whether nothing but a blank, a quote or a hyphen is between a word and the one before it.
    follows: tuple[bool, ...]
    sentences: tuple[Sentence, ...]
    #: Words of the text that only repeat the lead, and do not count twice.
    copied: tuple[int, int]
    #: Sentences after the headline, the repeated ones not counted.
    length: int


@dataclass(frozen=True, kw_only=True)
class Text:
    """What rules read of one item. Words are numbered through all fields, so a field is a range of numbers.

    Where they stand is worked out when it is asked for: most texts hold no rule's words.
    """

    #: The characters of each field: headline, lead, text, author, category, feed, urgency.
    fields: Mapping[str, str]
    #: Where each field's words begin and end; ``anywhere`` is headline, lead and text.
    ranges: Mapping[str, tuple[int, int]]
    words: tuple[str, ...]
    #: Languages that its words may be of, the declared one first.
    languages: tuple[str, ...]

    @cached_property
    def layout(self) -> Layout:
        """Return where its words stand."""
        reader = _Reader(self.words)
        for name, content in self.fields.items():
            reader.field(name, content)
        cut = self.fields["lead"].rstrip(" ])").endswith(("…", "..."))
        copied = _copied(self.words, self.ranges["lead"], self.ranges["text"], cut=cut)
        written = sum(sentence.field in WRITTEN for sentence in reader.sentences)
        return Layout(
            starts=tuple(reader.starts),
            sentence=tuple(reader.sentence),
            follows=tuple(reader.follows),
            sentences=tuple(reader.sentences),
            copied=copied,
            length=written - 1 - len(set(reader.sentence[slice(*copied)])),
        )

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Return the first character of a run of words in their field, and the one after the last."""
        before, after, starts = form(self.words[first]), form(self.words[last]), self.layout.starts
        return starts[first] + before.head, starts[last] + len(self.words[last]) - after.tail

    @property
    def latin(self) -> tuple[str, ...]:
        """Return the languages its Latin words may be of; empty where nothing tells."""
        return languages.written_in(Script.LATIN, self.languages)


def read(  # noqa: PLR0913 - an item has this many parts
    *,
    headline: str,
    lead: str = "",
    text: str = "",
    language: str | None = None,
    author: str = "",
    categories: tuple[str, ...] = (),
    feed: str = "",
    urgency: str = "",
) -> Text:
    """Return the text that rules read; a lead that the text repeats counts once."""
    fields = {"headline": headline, "lead": lead, "text": text}
    about = {"author": author, "category": "\n".join(categories), "feed": feed, "urgency": urgency}
    words, ranges = list[str](), dict[str, tuple[int, int]]()
    for name, content in (fields | about).items():
        first = len(words)
        if content:
            words += _words(content)
        ranges[name] = first, len(words)
    ranges["anywhere"] = (0, ranges["text"][1])
    return Text(
        fields=fields | about,
        ranges=ranges,
        words=tuple(words),
        languages=_languages(words[: ranges["text"][1]], "\n".join(fields.values()), languages.code(language)),
    )


def pieces(written: str) -> tuple[str, ...]:
    """Return the words of something written in one go: ``Al-Baghdadi`` is two, ``U.S.`` and ``C++`` are one."""
    return tuple(_words(written))


@lru_cache(maxsize=1 << 16)
def form(word: str) -> Form:
    """Return how a word of a text or of a rule is to be understood."""
    head, tail = _affixes(word)
    spelled = visible(word[head : len(word) - tail])
    plain = spelled.replace(".", "") if _DOTTED.fullmatch(spelled) else spelled
    plain = plain.replace("'", "")
    readings = unmixed(plain)
    lower = _one(readings[0].lower(), spelled)
    spellings = (_one(spelling, lower) for reading in readings for spelling in _spellings(fold(reading)))
    return Form(
        folded=tuple(dict.fromkeys(spellings)),
        lower=lower,
        spelled=spelled,
        capitals=_capitals(plain),
        script=script(readings[0]),
        disguised=fold(disguised(plain)),
        head=head,
        tail=tail,
    )


def _one(written: str, like: str) -> str:
    """Return one string for both where they are equal: most words are, and 65,536 forms are remembered."""
    return like if written == like else written


def _spellings(folded: str) -> Iterator[str]:
    """Yield the ways to write a number, 2,700 as 2700 and 6,2 as 6.2; a word is written in one."""
    yield folded
    if folded[:1].isdigit() and not folded.isdigit():
        if _GROUPED.fullmatch(folded):
            yield "".join(char for char in folded if char.isdigit())
        elif _DECIMAL.fullmatch(folded):
            yield folded.replace(",", ".")


_DECIMAL = re.compile(r"\d+,\d+")
_FIGURES = re.compile(r"\d+(?:[., ]\d+)*")
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:(?:,\d{3})+|(?:\.\d{3})+|(?: \d{3})+)|[1-9]\d?(?:,\d\d)+,\d{3}")
#: Languages that write 2.5 for two and a half; the others write 2,5.
_POINT = frozenset({"en", "ga", "he", "hi", "ja", "ko", "mr", "ne", "ta", "th", "ur", "zh"})


def number(word: str, language: str | None = None) -> float | None:
    """Return the number that a word of digits stands for in a language; None for a date, a version, a name or a word.

    2,700 is a number of thousands in English and one with three decimals in German; without a language, English.
    """
    written = visible(word).replace("'", "")
    if not _FIGURES.fullmatch(written):
        return None
    decimal = "." if (language or "en") in _POINT else ","
    marks = {char for char in written if char in "., "}
    last = max(written.rfind("."), written.rfind(","))
    if not marks or (decimal not in marks and _GROUPED.fullmatch(written)):
        return _value(written, "")
    whole, fraction = written[: max(last, 0)], written[last + 1 :]
    grouped = _GROUPED.fullmatch(whole) and written[last] not in whole
    if fraction.isdecimal() and (whole.isdecimal() or grouped):
        return _value(whole, fraction)
    return _value(written, "") if _GROUPED.fullmatch(written) else None


def _value(whole: str, fraction: str) -> float:
    digits = "".join(char for char in whole if char.isdecimal())
    return float(f"{digits}.{fraction or 0}")


_DOTTED = re.compile(r"(?:[^\W\d]\.)+[^\W\d]?")
_APOSTROPHE = re.compile(f"[{APOSTROPHES}]")
#: Articles and the like that lose their vowel before another: l'OTAN, dell'Iran.
_ELIDED = frozenset(
    {"l", "d", "j", "m", "t", "s", "n", "c", "qu", "jusqu", "lorsqu", "puisqu", "quoiqu"}
    | {"dell", "nell", "all", "dall", "sull", "coll", "un", "quell", "quest"}
)
#: What follows an apostrophe and is no part of the word: NATO's, she'll.
_CONTRACTED = frozenset({"s", "ll", "re", "ve", "d", "m"})


def _affixes(word: str) -> tuple[int, int]:
    """Return how many characters before and behind are not of the word itself."""
    marks = [found.start() for found in _APOSTROPHE.finditer(word)]
    if not marks:
        return 0, 0
    tail = len(word) - marks[-1] if word[marks[-1] + 1 :].lower() in _CONTRACTED else 0
    head = marks[0] + 1 if word[: marks[0]].lower() in _ELIDED and len(word) - tail > marks[0] + 1 else 0
    return head, tail


def _capitals(word: str) -> int:
    letters = [char for char in word if char.isalpha()]
    if not letters or not letters[0].isupper():
        return 0
    return 2 if len(letters) > 1 and all(not char.islower() for char in letters) else 1


def _languages(words: Iterable[str], written: str, given: str | None) -> tuple[str, ...]:
    sample = {*map(str.lower, islice(words, _SAMPLE))}
    found = (*languages.guess(sample, least=2), *languages.by_letters(written, given))
    return tuple(dict.fromkeys((given, *found) if given else found))


def _copied(words: Sequence[str], lead: tuple[int, int], text: tuple[int, int], *, cut: bool) -> tuple[int, int]:
    """Return the run of the text's words that repeats the lead; a lead that was cut off may end inside a word."""
    copy = words[lead[0] : lead[1] - cut]
    if len(copy) < _SHORTEST_COPY:
        return 0, 0
    whole = "\0".join(("", *words[slice(*text)], ""))
    found = whole.find("\0".join(("", *copy, "")))
    if found < 0:
        return 0, 0
    first = text[0] + whole.count("\0", 0, found)
    return first, first + len(copy)


def _words(content: str) -> list[str]:
    """Return the words of a field.

    A number that is the tail of a name (CVE-2026-1234) keeps its hyphen, and so is no number of its own; words that
    have no blank between them are taken apart.
    """
    content = content.replace("_", " ")
    unspaced = not content.isascii() and _UNSPACED.search(content) is not None
    if not unspaced and not _TAIL.search(content):
        found_words: list[str] = _WORDS.findall(content)
        return found_words
    words, end = list[str](), -2
    for found in _WORDS.finditer(content):
        word, start = found[1], found.start(1)
        if start == end + 1 and _TAIL.match(content, end) and (words[-1].isupper() or words[-1][0] in _TAIL_MARKS):
            words.append(content[end] + word)
        else:
            words += _UNSPACED_PIECES.findall(word) if unspaced else (word,)
        end = found.end(1)
    return words


_TAIL_MARKS = HYPHENS + "/"
_TAIL = re.compile(rf"[{re.escape(_TAIL_MARKS)}]\d")


class _Reader:
    """Takes fields one after the other and finds where their words stand."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self.starts: list[int] = []
        self.sentence: list[int] = []
        self.follows: list[bool] = []
        self.sentences: list[Sentence] = []
        #: First word of the open sentence and of the open paragraph, and the character the sentence begins at.
        self._sentence_from = self._paragraph_from = self._begin = 0
        self._paragraph = 1

    def field(self, name: str, content: str) -> None:
        """Read a field; a headline is one sentence, whatever stands in it."""
        words, starts, follows = self._words, self.starts, self.follows
        self._sentence_from = self._paragraph_from = at = len(starts)
        self._begin, self._paragraph, joined = 0, 1, False
        content = content.replace("_", " ")
        for found in _SCAN.finditer(content):
            kind = found.lastindex
            if kind == _IS_WORD:
                start, end = found.span(_IS_WORD)
                follows.append(joined)
                joined = True
                if len(words[at]) == end - start:
                    starts.append(start)
                    at += 1
                else:
                    at = self._odd_words(at, start, end)
                if content[end - 1] != "." or not _begins_anew(content, end, certain=False):
                    continue
            elif not _ends(content, found, words[at - 1] if at else ""):
                joined = joined and found[kind or 0] == "."
                continue
            joined = joined and kind == _IS_WORD and name == "headline"
            if name != "headline":
                self._close(name, found.end(), line=kind == _IS_LINE)
        if name == "headline" or len(starts) > self._sentence_from:
            self._end(name, len(content))

    def _odd_words(self, at: int, start: int, end: int) -> int:
        """Place what was found as one: a number, before which its hyphen stands, or words without a blank between."""
        while start < end:
            length = len(self._words[at])
            self.starts.append(min(start, end - length))
            at, start = at + 1, start + length
        self.follows += repeat(True, len(self.starts) - len(self.follows))  # noqa: FBT003 - an item of the list
        return at

    def _close(self, name: str, end: int, *, line: bool) -> None:
        """End the sentence, and with it the paragraph at the end of a line, where they hold any word."""
        if len(self.starts) > self._sentence_from:
            self._end(name, end)
        if line and len(self.starts) > self._paragraph_from:
            self._paragraph += 1
            self._paragraph_from = len(self.starts)
        self._begin = end

    def _end(self, name: str, end: int) -> None:
        """End the sentence, to which all words belong that came since the one before."""
        self.sentence += repeat(len(self.sentences), len(self.starts) - self._sentence_from)
        self.sentences.append(Sentence(name, self._paragraph, self._begin, end))
        self._sentence_from = len(self.starts)


def _ends(content: str, found: re.Match[str], before: str) -> bool:
    """Return whether what was found behind the word before ends a sentence."""
    if found.lastindex != _IS_END:
        return found.lastindex == _IS_LINE
    mark, start, end = found[_IS_END], found.start(_IS_END), found.end()
    if (
        mark == "." and end < len(content) and not content[end].isspace()
    ):  # "Node.js", or "talks.The" for want of a blank
        return content[start - 1].islower() and content[end].isupper() and content[end + 1 : end + 3].islower()
    if mark[0] != "." or not before:
        return _begins_anew(content, end, certain=True)
    last = before.lower()
    if last in _NUMBERED and _FIGURE.match(content, end):
        return False
    if _DAY.fullmatch(last):  # "am 12. März", but "He turned 12. Then"
        return _begins_anew(content, end, certain=False, opening=languages.ANY_FUNCTION_WORD)
    return _begins_anew(content, end, certain=len(last) > 1 and last not in _ABBREVIATIONS)


_FIGURE = re.compile(r"\s*\d")
_DAY = re.compile(r"\d{1,2}")


def _begins_anew(content: str, end: int, *, certain: bool, opening: frozenset[str] = _OPENING) -> bool:
    """Return whether a sentence begins here: with no small letter, and after an abbreviation with "The" or the like."""
    opened = _OPENERS.match(content, end)
    start = opened.end() if opened else end
    if certain:
        return not content[start : start + 1].islower()
    word = _NEXT_WORD.match(content, start)
    return word is not None and word[0][0].isupper() and fold(word[0]) in opening
