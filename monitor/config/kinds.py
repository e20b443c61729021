"""The kinds of values that a configuration holds, each with what is said when it is written wrongly."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from monitor import hours, keep, limit
from monitor.hours import Quiet, Times
from monitor.keep import YEAR, Size
from monitor.limit import Burst

#: Spans in a config are at most this long: more is a slip of the pen, and twice a million times more overflows.
LONGEST = timedelta(days=30)
#: Nothing is kept longer.
OLDEST = 100 * YEAR
LEAST_SIZE, MOST_SIZE = Size.parse("10MB"), Size.parse("100TB")
#: Longer words are not slips of the pen, and a guess at one of 10,000 letters takes 2 s.
_LONGEST_GUESSED = 64
_WEB = 'write such as "https://news.example/rss.xml"'
_PROXY = '"http://proxy.bank.example:3128"'
#: A code of a language by BCP 47, such as en or pt-BR.
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")

Choice = TypeVar("Choice", bound=StrEnum)


def refusal(message: str, cure: str = "") -> PydanticCustomError:
    """Return what a validator raises: what is wrong with a value, and the cure."""
    return PydanticCustomError("refused", "{message}", {"message": message, "cure": cure})


def found(value: object) -> str:
    """Return what a value is, in words, and never what a text says: it may be a secret."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {value}" if abs(value) < 10**15 else "a huge number"
        case str():
            return "text"
        case list():
            return "a list"
        case dict():
            return "a table"
        case _:
            return "a date or time"


def guess(word: str, known: Iterable[str]) -> str:
    """Return ``did you mean …?`` where one of the known words is close, else an empty text."""
    if len(word) > _LONGEST_GUESSED:
        return ""
    known = sorted(known)
    close = get_close_matches(word, known, 1) or get_close_matches(word.lower(), known, 1)
    return f"did you mean {close[0]!r}?" if close else ""


def listed(names: Collection[str]) -> str:
    """Return which names there are, for one who wrote another."""
    shown = sorted(names)[:8]
    return f"there are {', '.join(shown)}{' …' if len(names) > len(shown) else ''}" if shown else "there are none"


def exact(span: timedelta) -> str:
    """Return the span as it is written, in the largest unit that says it exactly."""
    written = hours.words(span)
    return written if hours.duration(written) == span else f"{round(span.total_seconds())}s"


def _meant(value: object) -> str:
    """Return how to write the duration that a number of seconds was meant to be."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LONGEST.total_seconds():
        return f'write "{exact(timedelta(seconds=value))}"'
    return 'write such as "5m"'


def _duration(least: str, most: timedelta = LONGEST) -> BeforeValidator:
    def read(value: object) -> object:
        if not isinstance(value, str):
            raise refusal(f"expected a duration, found {found(value)}", _meant(value))
        try:
            span = hours.duration(value)
        except ValueError as error:
            raise refusal(str(error)) from error
        if not hours.duration(least) <= span <= most:
            raise refusal(f"{value!r} is out of range", f"write between {least} and {hours.words(most)}")
        return span

    return BeforeValidator(read)


def _meant_age(value: object) -> str:
    """Return how to write the age that a number of days was meant to be."""
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= OLDEST.days:
        return f'write "{keep.age_words(timedelta(days=value))}"'
    return 'write such as "90d"'


def _age(value: object) -> timedelta:
    if not isinstance(value, str):
        raise refusal(f"expected an age, found {found(value)}", _meant_age(value))
    try:
        span = keep.age(value)
    except ValueError as error:
        raise refusal(str(error)) from error
    if not timedelta(days=1) <= span <= OLDEST:
        raise refusal(f"{value!r} is out of range", f"write between 1d and {keep.age_words(OLDEST)}")
    return span


def _size(value: object) -> Size:
    if not isinstance(value, str):
        raise refusal(f"expected a size, found {found(value)}", 'write such as "5GB"')
    try:
        size = Size.parse(value)
    except ValueError as error:
        raise refusal(str(error), _meant_size(value)) from error
    if not LEAST_SIZE <= size <= MOST_SIZE:
        raise refusal(f"{value!r} is out of range", "write between 10MB and 100TB")
    return size


def _meant_size(value: str) -> str:
    """Return how to write a size that was meant: ``5gb``, ``5 G`` or ``5GiB``."""
    tight = value.strip().upper().replace("IB", "B")
    written = tight if tight.endswith("B") else f"{tight}B"
    with suppress(ValueError):
        Size.parse(written)
        return f'write "{written}"'
    return ""


def choice(kind: type[Choice]) -> BeforeValidator:
    """Return what takes one of the words of an enumeration."""
    words = [str(member) for member in kind]

    def read(value: object) -> object:
        listed = f"{', '.join(words[:-1])} or {words[-1]}"
        if not isinstance(value, str):
            raise refusal(f"expected {listed}, found {found(value)}", f'write such as "{words[0]}"')
        if value not in words:
            raise refusal(f"{value!r} is not one of {listed}", guess(value, words))
        return kind(value)

    return BeforeValidator(read)


def _several(value: object) -> object:
    """Take one text for a list of one."""
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list):
        raise refusal(f"expected text or a list of texts, found {found(value)}", 'write "one", or ["one", "two"]')
    return tuple(value)


def _tables(value: object) -> object:
    example = 'write such as [{ text = "…", match = true }]'
    if not isinstance(value, list):
        raise refusal(f"expected a list of tables, found {found(value)}", example)
    for each in value:
        if not isinstance(each, dict):
            raise refusal(f"expected a list of tables, found {found(each)} in it", example)
    return tuple(value)


def _network(value: object) -> IPv4Network | IPv6Network:
    if not isinstance(value, str):
        raise refusal(f"expected a range of addresses, found {found(value)}", 'write such as "10.1.0.0/16"')
    try:
        return ip_network(value)
    except ValueError:
        pass
    try:
        meant = f'write "{ip_network(value, strict=False)}"'
    except ValueError:
        meant = 'write such as "10.1.0.0/16"'
    raise refusal(f"{value!r} is not a range of addresses", meant)


def _quiet(value: object) -> Quiet:
    if not isinstance(value, str):
        raise refusal(f"expected a span of hours, found {found(value)}", 'write such as "22:00-07:00"')
    try:
        return Quiet.parse(value)
    except ValueError as error:
        raise refusal(str(error)) from error


def _times(value: object) -> Times:
    texts = _several(value)
    assert isinstance(texts, tuple)  # noqa: S101 - it raises for anything else
    if not all(isinstance(text, str) for text in texts):
        raise refusal("expected times of the day", 'write such as "07:00", or ["07:00", "18:00"]')
    try:
        return Times.parse(texts)
    except ValueError as error:
        raise refusal(str(error), 'write such as "07:00", or ["07:00", "18:00"]') from error


def _burst(value: object) -> Burst | None:
    if value is False:
        return None
    if not isinstance(value, str):
        raise refusal(f"expected a limit, or false, found {found(value)}", 'write such as "5 in 10m"')
    try:
        return Burst.parse(value)
    except ValueError as error:
        raise refusal(str(error), 'write such as "5 in 10m", or false for no limit') from error


def _daily(value: object) -> int:
    if not isinstance(value, str):
        meant = f"{value}/day" if isinstance(value, int) and not isinstance(value, bool) and value > 0 else "20/day"
        raise refusal(f"expected a number a day, found {found(value)}", f'write "{meant}"')
    try:
        return limit.daily(value)
    except ValueError as error:
        raise refusal(str(error)) from error


def _day(value: object) -> date:
    """Take a day as TOML writes it, or in quotes."""
    if isinstance(value, str):
        with suppress(ValueError):
            return date.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    what = repr(value) if isinstance(value, str) else found(value)
    raise refusal(f"expected a day, found {what}", "write such as 2026-12-31")


def _fallback(value: object) -> object:
    if value is False or (isinstance(value, str) and value):
        return value
    raise refusal(f"expected the name of a channel, or false, found {found(value)}", 'write such as "mail"')


def _proxy(value: object) -> object:
    if value is False or (isinstance(value, str) and value):
        return value
    raise refusal(f"expected the address of a proxy, or false, found {found(value)}", f"write such as {_PROXY}")


def _language(value: object) -> object:
    if isinstance(value, str) and not _LANGUAGE.fullmatch(value):
        raise refusal(f"{value!r} is not the code of a language", 'write such as "en", "ru" or "pt-BR"')
    return value


def web_fault(url: str) -> tuple[str, str] | None:
    """Return what is wrong with an http address, and the cure; neither shows the address, which may hold a token."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "is not an address", _WEB
    if " " in url or not url.isprintable():
        return "holds a space", _WEB
    if "://" not in url:
        return "has no scheme", 'write "https://" before it'
    if parts.scheme not in ("http", "https"):
        return f"begins with {parts.scheme}:", "write https: or http:"
    return None if parts.hostname and port != 0 else ("names no host", _WEB)


Duration = Annotated[timedelta, _duration("1s")]
#: A duration that may be none at all.
Span = Annotated[timedelta, _duration("0s")]
Timeout = Annotated[timedelta, _duration("1s", timedelta(minutes=5))]
#: The name of a channel, or False for none.
Fallback = Annotated[str | bool, BeforeValidator(_fallback)]
#: How long something is kept; the reference page calls it so, since durations are written otherwise.
Age = Annotated[timedelta, BeforeValidator(_age), "age"]
Room = Annotated[Size, BeforeValidator(_size)]
#: The address of a proxy, or False for none.
ProxyAddress = Annotated[str | bool, BeforeValidator(_proxy)]
Hours = Annotated[Quiet, BeforeValidator(_quiet)]
DayTimes = Annotated[Times, BeforeValidator(_times), "a time, or a list of times"]
#: How many messages of a rule a channel takes, or None where any number.
Limit = Annotated[Burst | None, BeforeValidator(_burst), "a limit, or false"]
Daily = Annotated[int, BeforeValidator(_daily), "a number a day"]
Day = Annotated[date, BeforeValidator(_day), "a day"]
Language = Annotated[str, BeforeValidator(_language)]
Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]
Networks = Annotated[tuple[Network, ...], BeforeValidator(_several)]
#: What takes a list of tables for a tuple of them.
Tables = BeforeValidator(_tables)
Text = Annotated[str, Field(min_length=1)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_several)]
SomeTexts = Annotated[Texts, Field(min_length=1)]
