"""What the world's answers mean: sent, failed, or unknown.

Reasons are our own words and numbers only: what a receiver answers may hold anything. Its own words stand beside them,
for those who send a test.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import responses
from urllib.parse import quote, unquote

from monitor.alert import Failed, Fault, Outcome, Sent, Unknown
from monitor.render import clean

#: Seconds for reaching a receiver, and for its answer.
CONNECT, READ = 5.0, 10.0


#: Shorter strings are not secrets, and striking them out would leave no words.
_SHORTEST_SECRET = 4
#: Characters of a receiver's own words that are shown.
_SAID = 200


def channel_fault(reason: str, *, permanent: bool = False, said: str = "") -> Failed:
    """Return the outcome of an attempt that failed whatever the message was."""
    return Failed(reason=reason, fault=Fault.CHANNEL, permanent=permanent, said=said)


def own_words(answer: bytes | str) -> str:
    """Return what a receiver said, on one line that cannot steer a terminal; it may still hold secrets."""
    return clean(answer if isinstance(answer, str) else answer.decode("utf-8", "replace"))


def strings(texts: Iterable[str]) -> set[str]:
    """Return the texts and all their pieces, in each spelling of an address, as far as they can be secrets."""
    whole = list(texts)
    pieces = [piece for text in whole for piece in re.split(r"[/?&=:@#,;\s]+", text)]
    found = {form for text in (*whole, *pieces) for form in (text, unquote(text), quote(text, safe=""))}
    return {text for text in found if len(text) >= _SHORTEST_SECRET}


def struck(text: str, secrets: Iterable[str]) -> str:
    """Return the beginning of a text, with ``***`` in the place of each secret."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text[:_SAID]


def unreached(error: Exception) -> Failed:
    """Return the outcome of a receiver that could not be reached: nothing was sent."""
    match error:
        case ssl.SSLCertVerificationError(verify_message=why):
            return channel_fault(f"certificate not accepted: {why}")
        case TimeoutError():
            return channel_fault("could not connect: no answer in time")
        case OSError(strerror=str(why)):
            return channel_fault(f"could not connect: {why}")
        case _:
            return channel_fault(f"could not connect: {type(error).__name__}")


def lost(error: Exception) -> Unknown:
    """Return the outcome of an answer that never came after the message was handed over."""
    return Unknown(reason="no answer in time" if silent(error) else "connection lost before the answer")


def silent(error: Exception) -> bool:
    """Return whether the error is a silence; smtplib makes an end of the connection of it."""
    return isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)


#: Answers that say the address or the login is wrong, for this message as for any other.
_WRONG_ADDRESS = {401, 403, 404, 410}
#: Client errors that pass.
_PASSING = {408, 425, 429}


def answered(status: int, retry_after: timedelta | None = None, said: str = "") -> Outcome:
    """Return what an HTTP status says about the message; ``said`` are the receiver's own words."""
    phrase = responses.get(status)
    words = f"server answered {status}" + (f" ({phrase})" if phrase else "")
    if status < HTTPStatus.OK:  # "more follows": the answer itself never came
        return Unknown(reason=words)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        words += ", and redirects are not followed"
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Sent(detail=words, said=said)
    if status in _WRONG_ADDRESS:
        return channel_fault(words, permanent=True, said=said)
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in _PASSING:
        return Failed(reason=words, fault=Fault.MESSAGE, permanent=True, said=said)
    return Failed(reason=words, fault=Fault.CHANNEL, permanent=False, retry_after=retry_after, said=said)


def wait_asked(value: str | None, now: datetime) -> timedelta | None:
    """Return the wait that a Retry-After header asks for, in seconds or until a date (RFC 9110, 10.2.3)."""
    if not value:
        return None
    with suppress(ValueError, OverflowError):
        wait = (
            timedelta(seconds=int(value))
            if value.strip().isdecimal()
            else parsedate_to_datetime(value).astimezone(UTC) - now
        )
        return max(wait, timedelta(0))
    return None
