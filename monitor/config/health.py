"""How wirebell shows that it is well, as configured: the summary, the sign of life, and the canary's feed and rule."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from monitor.config.kinds import web_fault
from monitor.config.loaded import Health
from monitor.config.report import Report
from monitor.config.schema import HealthTable
from monitor.config.secret import Secrets
from monitor.config.source import Place
from monitor.config.watches import check_channels
from monitor.feed import Feed, FullText
from monitor.judge import Watch
from monitor.rule import compile_rule
from monitor.summary import CANARY

#: Where the canary comes from; it is never asked.
CANARY_FEED = Feed(
    name=CANARY,
    url="https://canary.invalid/",
    interval=timedelta(days=1),
    language="en",
    full_text=FullText.NEVER,
    enabled=False,
)


def make_health(
    table: HealthTable, channels: Collection[str], place: Place, secrets: Secrets, report: Report
) -> Health:
    """Return what the table says."""
    ping = secrets.take(place, "ping", inside=table.ping, file=table.ping_file, variable=table.ping_env)
    if ping and (fault := web_fault(ping)):
        report.fault(place.at("ping"), *fault)
    if table.canary:
        check_channels((table.canary,), channels, place.at("canary"), report)
    return Health(summary=table.summary, canary=table.canary, ping=ping)


def canary_watch(channel: str) -> Watch:
    """Return the rule that the canary meets."""
    rule = compile_rule(CANARY, ('"daily test of wirebell"',), languages=("en",))
    return Watch(rule=rule, feeds=(CANARY,), notify=(channel,), note="the daily test of a channel")


def check_free(feeds: Collection[str], rules: Collection[str], place: Place, report: Report) -> None:
    """Report a feed or a rule that has the canary's name."""
    for kind, names in (("feed", feeds), ("rule", rules)):
        if CANARY in names:
            report.fault(place, f"a {kind} is called {CANARY} too", f"give the {kind} another name")
