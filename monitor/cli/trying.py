"""One test message to a channel, now, and what became of it, in words."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from monitor import render
from monitor.alert import Failed, Kind, Notice, Outcome, Sent, Unknown, derived_id, owed
from monitor.channel import Channel
from monitor.cli.screen import plain
from monitor.runtime import Line

_LOGIN = (
    "the mail server refuses this name or password; most large providers want an app password, which is made on their"
    " site, in place of your own"
)
#: What is wrong, as the reason says it, and what to do about it; the first that fits counts.
_CURES = (
    (r"server answered 53[0458]|server answered 5\d\d 5\.7\.8", _LOGIN),
    (r"server answered 5\d\d 5\.7\.\d+", "the mail server does not let this login send as this sender: set from"),
    (r"server answered 550", "the mail server does not know this receiver, or does not take mail for it from here"),
    ("server does not offer the security", 'try security = "tls" with port 465, or another port'),
    ("server knows no way to log in", "log in without a password is not possible there; ask who runs the server"),
    (
        "certificate not accepted",
        "the server shows a certificate that nobody vouches for: look at its name, or set SSL_CERT_FILE",
    ),
    ("could not connect: .*[Nn]ame ", "no such server: look at its name"),
    ("could not connect", "look at the server's name and port, and at the firewall in between"),
    (r"server answered 40[13]", "the token or password in the address is not the one that the service knows"),
    (r"server answered 404|server answered 410", "the address leads nowhere: look at its tokens and ids"),
    (r"server answered 3\d\d", "write the address that it leads to"),
    (r"server answered 429", "it has had too many messages: wait, and try again"),
    (r"server answered 5\d\d \(", "the service has a trouble of its own: wait, and try again"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One test message to one receiver of a channel."""

    receiver: str
    outcome: Outcome
    seconds: float

    @property
    def sent(self) -> bool:
        """Return whether the receiver took it."""
        return isinstance(self.outcome, Sent)

    @property
    def word(self) -> str:
        """Return what became of it: sent, failed or unknown."""
        return type(self.outcome).__name__.lower()

    @property
    def reason(self) -> str:
        """Return why, in our words."""
        return self.outcome.detail if isinstance(self.outcome, Sent) else self.outcome.reason

    @property
    def said(self) -> str:
        """Return what the receiver said, in its own words, as far as they are known."""
        return "" if isinstance(self.outcome, Unknown) else self.outcome.said

    @property
    def cure(self) -> str:
        """Return what to do about it, as far as that is known."""
        match self.outcome:
            case Sent():
                return ""
            case Unknown():
                return "it may have arrived: look there"
            case Failed(reason=reason):
                return next((cure for pattern, cure in _CURES if re.search(pattern, reason)), "")


def lines(name: str, tries: Sequence[Try]) -> list[tuple[bool, str]]:
    """Return what people read of the tries, and of each line whether all went well."""
    told = []
    for each in tries:
        to = f"{name} ({each.receiver})" if each.receiver else name
        reason = f": {each.reason}" if each.reason else ""
        told.append((each.sent, f"{to}  {each.word} in {each.seconds:.1f} s{reason}"))
        if each.said:
            told.append((each.sent, f'  it says  "{plain(each.said)}"'))
        if each.cure:
            told.append((each.sent, f"  so       {each.cure}"))
    return told


async def try_channel(channel: Channel, command: str, *, now: datetime, zone: tzinfo) -> tuple[Try, ...]:
    """Send each receiver of the channel a message that says it is a test, and by which command it was sent."""
    notice = Notice(
        id=derived_id("test", channel.name, now.isoformat()),
        kind=Kind.HELLO,
        subject=f"wirebell test message for {channel.name}",
        message=f"This is a test: somebody ran {command}. Nothing has happened in the world.",
        made_at=now,
    )
    line = Line(channel, console=sys.stdout, now=lambda: now)
    tries = []
    for delivery in owed(notice.id, channel.name, channel.receivers, now):
        outcome, seconds = await line.send(render.message(notice, delivery=delivery, zone=zone))
        tries.append(Try(receiver=delivery.receiver, outcome=outcome, seconds=seconds))
    return tuple(tries)
