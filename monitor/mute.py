"""Mutes: what people do not want to be told for a while, until when, and who said so and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from functools import lru_cache

from monitor import text
from monitor.alert import Alert, derived_id
from monitor.greeting import clock
from monitor.rule import Precision, RuleSet, compile_rule


class Scope(StrEnum):
    """What a mute is about; the values are the words shown to people."""

    RULE = "rule"
    FEED = "feed"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """Something that nobody is told for a while."""

    id: str
    scope: Scope
    #: The name of the rule or the feed; or a query of the rule language.
    what: str
    made_at: datetime
    until: datetime
    #: None while nobody ended it before its time.
    ended_at: datetime | None = None
    who: str = ""
    why: str = ""

    @property
    def words(self) -> str:
        """Return what is muted."""
        return f"{self.scope} {self.what}"

    def is_in_force(self, now: datetime) -> bool:
        """Return whether it holds now."""
        return self.ended_at is None and self.until > now

    def covers(self, alert: Alert) -> bool:
        """Return whether an alert is muted: by its rule, by its feed, or by what its headline and evidence say."""
        match self.scope:
            case Scope.RULE:
                return alert.rule == self.what
            case Scope.FEED:
                return alert.feed == self.what
            case Scope.TEXT:
                return bool(query(self.what).hits(_shown(alert)))

    def reason(self, now: datetime, zone: tzinfo) -> str:
        """Return why nobody is told, in words for people."""
        said_by = f" by {self.who}" if self.who else ""
        because = f": {self.why}" if self.why else ""
        return f"{self.words}, until {clock(self.until, now, zone)}{said_by}{because}"


def mute_id(scope: Scope, what: str, now: datetime) -> str:
    """Return the id of a mute that is made now."""
    return derived_id("mute", scope, what, now.isoformat())


@lru_cache(maxsize=64)
def query(what: str) -> RuleSet:
    """Return the text of a mute made ready; raise RuleError where it is no query."""
    return RuleSet([compile_rule("mute", (what,), precision=Precision.BROAD)])


def _shown(alert: Alert) -> text.Text:
    quoted = "\n\n".join(each.sentence for each in alert.evidence)
    return text.read(headline=alert.headline, text=quoted, language=alert.language, feed=alert.feed)
