"""What Apprise's records of a failed attempt say: the status, the service's own words, and what it means by them.

Services answer in dialects. Slack says 200 and means no; Telegram says 400 both of a letter that it cannot read and of
a chat that it does not know; Telegram and Discord say in the body how long to wait.
"""

from __future__ import annotations

import json
import re
from ast import literal_eval
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus
from http.client import responses

from monitor.alert import Failed, Fault, Outcome, Unknown
from monitor.send import mail
from monitor.send.outcome import answered, channel_fault, own_words

#: A level and a line.
Record = tuple[str, str]

#: The status that a warning ends with; ntfy puts two digits of its own behind it.
_STATUS = re.compile(r"error=(\d{3})(?:\d\d)?\.?\s*$")
#: How the plugin of Matrix says that it was asked to wait.
_THROTTLED = "requested we throttle back"
_SMTP_REPLY = re.compile(r"\((\d{3}), b['\"]\s*([245]\.\d{1,3}\.\d{1,3})?")
_SILENCE = re.compile(r"timed out|Connection aborted|Connection broken|Connection reset", re.IGNORECASE)
#: How requests says that an answer never came where a proxy stands in between; it calls the proxy unreachable then.
_BEHIND_PROXY = "RemoteDisconnected("
_UNREACHED = re.compile(r"Max retries exceeded|Connection refused|Name or service not known|No route to host")
#: Records below a warning that are about the answer; in the others the message itself stands, whatever it says.
_BROKE = ("Socket ", "IRC Exception: ")
_DETAILS = "Response Details:\r\n"
#: Levels below a warning.
QUIET = {"DEBUG", "TRACE", "INFO"}
#: Which request comes next, and those on which no message depends: when a login is refused, the plugin of Matrix tries
#: to register an account, and before that it looks for the server's description of itself.
_ASKED = re.compile(r"Matrix [A-Z]+ URL: (\S+)")
_ASIDE = re.compile(r"/register$|/\.well-known/")
#: Longer waits than this, in seconds, are not meant.
_LONGEST_WAIT = 7 * 24 * 3600

#: What services mean by their own codes where the status does not say it; others than these are read by the status.
_CODES: dict[tuple[Fault, bool], tuple[str, ...]] = {
    (Fault.CHANNEL, True): (
        "account_inactive", "action_prohibited", "channel_is_archived", "channel_not_found", "chat not found",
        "have no rights to send a message", "invalid_auth", "invalid_token", "is_archived", "missing_scope",
        "no_permission", "no_service", "not_authed", "not_in_channel", "org_login_required",
        "not enough rights to send text messages to the chat",
        "restricted_action", "token_expired", "token_revoked", "user_not_found",
    ),
    (Fault.CHANNEL, False): (
        "fatal_error", "internal_error", "rate_limited", "ratelimited", "request_timeout", "service_unavailable",
        "team_added_to_org",
    ),
    (Fault.MESSAGE, True): (
        "invalid_blocks", "invalid_payload", "message is too long", "message text is empty", "msg_too_long", "no_text",
        "too_many_attachments",
    ),
}  # fmt: skip
#: Whose fault each code names, and whether it stays.
MEANING = {code: meaning for meaning, codes in _CODES.items() for code in codes}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What a service said in the body of its answer."""

    words: str = ""
    wait: timedelta | None = None

    @property
    def code(self) -> str:
        """Return the code that is known here; its words are ours as much as theirs, and may be kept."""
        bare = self.words.removeprefix("Bad Request: ")
        return bare if bare in MEANING else ""


def told(records: Iterable[Record]) -> Outcome | None:
    """Return the outcome that the records of a failed attempt speak of, if any."""
    lines = list(records)
    if refusal := _last_refusal(lines):
        return _refused(*refusal)
    for level, line in reversed(lines):
        if level == "DEBUG" and line.startswith(_BROKE) and (outcome := _broken(line)):
            return outcome
    return None


def _last_refusal(lines: Iterable[Record]) -> tuple[int, _Answer] | None:
    """Return the status of the last request that was refused, with the body of the answer below it."""
    status, body, aside = None, "", False
    for level, line in lines:
        if level not in QUIET:
            found = None if aside else _status(line)
            status, body = (found, "") if found else (status, body)
        elif level == "DEBUG" and (asked := _ASKED.match(line)):
            aside = _ASIDE.search(asked[1]) is not None
        elif level == "DEBUG" and line.startswith(_DETAILS) and not aside:
            body = body or line.removeprefix(_DETAILS)
    return None if status is None else (status, _answer(body))


def _status(line: str) -> int | None:
    if _THROTTLED in line:
        return HTTPStatus.TOO_MANY_REQUESTS
    found = _STATUS.search(line)
    return int(found[1]) if found else None


def _broken(line: str) -> Outcome | None:
    """Return what a connection that broke means; before it stood, nothing was sent."""
    if reply := _SMTP_REPLY.search(line):
        fault = Fault.MESSAGE if line.startswith("Socket Exception: {") else Fault.CHANNEL
        return mail.refused(int(reply[1]), reply[2] or "", fault)
    if _UNREACHED.search(line) and _BEHIND_PROXY not in line:
        return channel_fault("could not connect")
    if _SILENCE.search(line) or _BEHIND_PROXY in line:
        return Unknown(reason="no answer in time" if "timed out" in line else "connection lost before the answer")
    return None


def _refused(status: int, answer: _Answer) -> Outcome:
    """Return what a status means of which Apprise says that the message was not taken."""
    outcome = answered(status, answer.wait, answer.words)
    if isinstance(outcome, Unknown):
        return outcome
    reason = outcome.reason if isinstance(outcome, Failed) else f"server answered {status} ({responses[status]})"
    if answer.code and (not isinstance(outcome, Failed) or outcome.fault is Fault.MESSAGE):
        fault, permanent = MEANING[answer.code]
        return Failed(reason=f"{reason}: {answer.code}", fault=fault, permanent=permanent, said=answer.words)
    if isinstance(outcome, Failed):
        return replace(outcome, reason=f"{reason}: {answer.code}") if answer.code else outcome
    return channel_fault(f"{reason}, and did not take the message", said=answer.words)


def _answer(details: str) -> _Answer:
    """Return what the service said, from how Apprise writes the first bytes of it down."""
    body: object = b""
    with suppress(ValueError, SyntaxError):
        body = literal_eval(details)
    return _read(body) if isinstance(body, bytes) else _Answer()


def _read(body: bytes) -> _Answer:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return _Answer(words=own_words(body))
    if not isinstance(document, dict):
        return _Answer(words=own_words(body))
    return _Answer(words=_explanation(document), wait=_wait(document))


def _explanation(document: dict[str, object]) -> str:
    """Return how the answer explains itself: Gotify, Telegram, Google, then nearly all others, from the best key."""
    for key in ("errorDescription", "description", "error", "message"):
        match document.get(key):
            case str() as words if words:
                return own_words(words)
            case {"message": str() as words}:
                return own_words(words)
    return ""


def _wait(document: dict[str, object]) -> timedelta | None:
    """Return the wait that is asked for: Telegram, Discord, Matrix."""
    parameters = document.get("parameters")
    inner = parameters if isinstance(parameters, dict) else {}
    for value, unit in (
        (inner.get("retry_after"), 1),
        (document.get("retry_after"), 1),
        (document.get("retry_after_ms"), 1000),
    ):
        if isinstance(value, int | float) and 0 <= value / unit <= _LONGEST_WAIT:
            return timedelta(seconds=value / unit)
    return None
