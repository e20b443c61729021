"""Why a rule rang for an item or did not: what is known of it is gathered, and shown stage by stage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import click

from monitor import stages
from monitor.feed import Feed
from monitor.judge import Bench, Watch
from monitor.rule import Evidence, Explanation, Finding, RuleSet, explain
from monitor.stages import Absence, Clock, Course, Name, Stage, Trace
from monitor.text import Text

if TYPE_CHECKING:
    from monitor.backtest import Given
    from monitor.config import Config
    from monitor.store.database import Tx

#: A part of a rule is shown up to so many characters.
_WIDEST = 40
#: Where what belongs to a stage begins.
_INDENT = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How far an item came for a rule."""

    rule: str
    course: Course
    #: What matches, as the rule is now.
    evidence: tuple[Evidence, ...] = ()
    #: None for a text in hand, and for a link that no item has.
    trace: Trace | None = None
    #: Other items of the same page.
    others: tuple[Trace, ...] = ()

    @property
    def known(self) -> bool:
        """Return whether there was something to explain."""
        return self.course.stages[0].held


def of_text(watch: Watch, given: Given) -> Answer:
    """Return why the rule matches a text in hand, or does not."""
    read = Bench.text(given.item, given.feed)
    course = stages.of_text(watch, explain(watch.rule, read), source=given.name)
    return Answer(rule=watch.name, course=course, evidence=_evidence(watch, read))


def of_stored(watch: Watch, ref: str, config: Config, now: datetime) -> Answer | None:
    """Return why the rule rang for a stored item or did not; None where nothing is meant by ``ref``."""
    from monitor.cli import invocation

    clock = Clock(now=now, zone=config.zone)
    match invocation.read(config, partial(_asked, ref=ref, rule=watch.name)):
        case Absence() as absence:
            return Answer(rule=watch.name, course=stages.of_nothing(absence, clock=clock))
        case ():
            return None
        case traces:
            declared = {feed.name: feed for feed in config.feeds}
            best, *others = sorted(traces, key=lambda each: not _counts(watch, each, declared))
            feed = declared.get(best.item.feed)
            read = Bench.text(best.item, feed or Feed(name=best.item.feed, url=""))
            found = explain(watch.rule, read)
            return Answer(
                rule=watch.name,
                course=stages.of_item(watch, feed, best, found, channels=_channels(watch, config), clock=clock),
                evidence=_evidence(watch, read),
                trace=best,
                others=tuple(others),
            )


def _asked(tx: Tx | None, *, ref: str, rule: str) -> tuple[Trace, ...] | Absence:
    from monitor.store import traces

    if tx is None:
        return Absence(link=ref, feeds=()) if "://" in ref else ()
    found = tuple(traces.trace(tx, each, rule) for each in traces.find(tx, ref))
    return found if found or "://" not in ref else traces.absence(tx, ref)


def _counts(watch: Watch, trace: Trace, declared: dict[str, Feed]) -> bool:
    """Return whether an item rang, or could have; of several feeds that list a page, that one is meant."""
    feed = declared.get(trace.item.feed)
    return trace.alert is not None or (feed is not None and watch.listens(feed))


def _evidence(watch: Watch, read: Text) -> tuple[Evidence, ...]:
    return tuple(shown for match in RuleSet([watch.rule]).match(read) for shown in match.evidence)


def _channels(watch: Watch, config: Config) -> Sequence[str]:
    if watch.trial:
        return ()
    return watch.notify or [channel.name for channel in config.channels if channel.default]


# --- for people --------------------------------------------------------------------------------------------------


def show(answer: Answer) -> None:
    """Print it for people."""
    from monitor.cli.screen import plain, quote

    course = answer.course
    click.echo(plain(course.verdict))
    if answer.trace:
        item = answer.trace.item
        click.echo(f"  item            {item.id}: {plain(item.entry.headline)}")
    for stage in course.stages:
        _stage(stage, _ending(course) if stage is course.stages[-1] else "")
        for shown in answer.evidence if stage.name is Name.MATCHED else ():
            click.echo(f'{" " * _INDENT}"{quote(shown)}"')
    for other in answer.others:
        click.echo(f"  also            item {other.item.id} of {plain(other.item.feed)} is the same page")
    for number, command in enumerate(course.tries):
        click.echo(f"  {'or ' if number else 'try'}             {plain(command)}")


def _ending(course: Course) -> str:
    if course.stages[-1].held or not course.not_reached:
        return ""
    return f"   <- stops here; {', '.join(course.not_reached)}: not reached"


def _stage(stage: Stage, ending: str) -> None:
    from monitor.cli.screen import plain

    click.echo(f"  {stage.title:<9} {stage.word:<5} {plain(stage.reason)}{ending}")
    for explanation in stage.explanations:
        if stages.shown(explanation.tree):
            show_tree(explanation, indent=_INDENT, above=stage.reason)


def show_tree(explanation: Explanation, *, indent: int = 2, above: str = "") -> None:
    """Print what the text has of a query, part by part; what stands above it is not said again."""
    from monitor.cli.screen import plain

    rows = list(_rows(explanation.tree, 0))
    width = min(_WIDEST, max(len(about) for about, *_ in rows))
    for number, (about, held, reason, nearest) in enumerate(rows):
        named = about if len(about) <= _WIDEST else f"{about[: _WIDEST - 1]}…"
        said = "; ".join(filter(None, ("" if not number and reason in above else reason, nearest)))
        click.echo(f"{' ' * indent}{named:<{width}}  {'yes' if held else 'no ':<3}  {plain(said)}".rstrip())


def _rows(finding: Finding, depth: int) -> Iterator[tuple[str, bool, str, str]]:
    yield "  " * depth + finding.about, finding.held, finding.reason, finding.nearest
    for part in finding.parts:
        yield from _rows(part, depth + 1)
