"""Watches, made from the tables of rules: each rule compiled, with the feeds it watches and the channels it rings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from fnmatch import fnmatchcase

from monitor.config.check import Entry
from monitor.config.kinds import guess, listed
from monitor.config.report import Report
from monitor.config.schema import FeedTable, RuleTable, TermTable
from monitor.config.source import Place
from monitor.errors import RuleError, RuleFault
from monitor.feed import Feed
from monitor.hours import midnight_after
from monitor.judge import TAG, Watch, names
from monitor.rule import Rule, RuleTest, compile_rule, warnings

#: A glob of ten thousand open sets takes seconds to be compiled; no name of a feed has more than 64 characters.
_LONGEST_PATTERN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What rules may name: what could be made, and every name there is, those of wrong tables too."""

    feeds: Sequence[Feed]
    feed_tables: Sequence[Entry[FeedTable]]
    feed_names: Collection[str]
    channel_names: Collection[str]
    terms: Sequence[Entry[TermTable]]
    term_names: Collection[str]
    #: Of the days on which rules end.
    zone: tzinfo

    @property
    def feeds_complete(self) -> bool:
        """Return whether all tables of feeds could be read, so that a tag which none has is a fault of the rule."""
        return len(self.feed_tables) == len(self.feed_names) and not any("tags" in e.spoilt for e in self.feed_tables)


class Watches:
    """Makes watches."""

    def __init__(self, known: Known, report: Report, before: Mapping[str, Rule]) -> None:
        self._known, self._report, self._before = known, report, before
        self._tags = {tag for feed in known.feeds for tag in feed.tags}
        self._any_on = any(feed.enabled for feed in known.feeds)
        # A list that is itself wrong stands for its own name here, so that no rule is blamed for it.
        self._terms: Mapping[str, tuple[str, ...]] = {name: (name,) for name in known.term_names} | {
            entry.name: entry.table.words for entry in known.terms
        }
        # Many rules name the same feeds; to look through 400 feeds for each of 1,000 rules took a second.
        self._listening: dict[tuple[str, ...] | None, tuple[Feed, ...]] = {None: tuple(known.feeds)}

    def make(self, entries: Sequence[Entry[RuleTable]], names: Collection[str], place: Place) -> tuple[Watch, ...]:
        """Return the watches, at least one."""
        if not names:
            self._report.missing(place, "there is no rule", 'add [rules] with nato = "NATO security guarantees"')
        return tuple(watch for entry in entries if (watch := self._watch(entry)))

    def _watch(self, entry: Entry[RuleTable]) -> Watch | None:
        table = entry.table
        named = self._check_feeds(entry)
        self._check_channels(entry)
        listening = self._listen(table.feeds)
        if named and self._any_on and not any(feed.enabled for feed in listening):
            cure = f"switch {listening[0].name} on, or name another feed"
            self._report.fault(entry.place.at("feeds"), "watches no feed that is on", cure)
        rule = self._compile(entry, listening)
        if rule is None:
            return None
        return Watch(
            rule=rule,
            feeds=table.feeds or (),
            notify=tuple(dict.fromkeys(table.notify or ())),
            priority=table.priority,
            at_most=table.at_most,
            trial=table.trial,
            until=midnight_after(table.until, self._known.zone) if table.until else None,
            note=table.note,
            tests=tuple(RuleTest(**test.model_dump()) for test in table.tests),
        )

    def _listen(self, patterns: tuple[str, ...] | None) -> tuple[Feed, ...]:
        if patterns not in self._listening:
            usable = [pattern for pattern in patterns or () if len(pattern) <= _LONGEST_PATTERN]
            named = (feed for feed in self._known.feeds if any(names(pattern, feed) for pattern in usable))
            self._listening[patterns] = tuple(named)
        return self._listening[patterns]

    def _check_feeds(self, entry: Entry[RuleTable]) -> bool:
        """Return whether the rule names feeds, all of which there are."""
        place = entry.place.at("feeds")
        named = entry.table.feeds or ()
        faults = [(place.at(n), fault) for n, pattern in enumerate(named) if (fault := self._feed_fault(pattern))]
        for spot, fault in faults:
            self._report.fault(spot, *fault)
        return bool(named) and not faults and self._known.feeds_complete

    def _feed_fault(self, pattern: str) -> tuple[str, str] | None:
        if len(pattern) > _LONGEST_PATTERN:
            return "is longer than any name of a feed", f"write up to {_LONGEST_PATTERN} characters"
        known, what = self._known.feed_names, "matches" if set(pattern) & set("*?") else "is called"
        if pattern.startswith(TAG):
            known, what = self._tags, "has the tag"
            if not self._known.feeds_complete:
                return None
        wanted = pattern.removeprefix(TAG)
        if any(fnmatchcase(name, wanted) for name in known):
            return None
        return f"no feed {what} {wanted!r}", guess(wanted, known) or listed(known)

    def _check_channels(self, entry: Entry[RuleTable]) -> None:
        check_channels(entry.table.notify, self._known.channel_names, entry.place.at("notify"), self._report)

    def _compile(self, entry: Entry[RuleTable], listening: Sequence[Feed]) -> Rule | None:
        table = entry.table
        heard = listening if table.feeds else self._known.feeds
        languages = {feed.language.partition("-")[0].lower() for feed in listening if feed.language}
        try:
            rule = compile_rule(
                entry.name,
                table.match,
                except_=table.except_,
                precision=table.precision,
                where=table.where,
                terms=self._terms,
                languages=tuple(sorted(languages)),
                before=self._before.get(entry.name),
            )
        except RuleError as error:
            for fault in error.faults:
                self._report.fault(self._place(entry, fault), fault.message, fault.cure, fault.caret())
            return None
        if rule.demands("urgency") and self._known.feeds_complete and not any(feed.wire for feed in heard):
            message = "asks for urgency:, and no feed that it watches is a wire"
            self._report.fault(entry.place.at("match"), message, "give the feed wire = true, or leave urgency: out")
        for warning in warnings(rule):
            self._report.warn(entry.place.at("match"), warning)
        return rule

    def _place(self, entry: Entry[RuleTable], fault: RuleFault) -> Place:
        """Return where the text of the rule stands that the fault is about."""
        if fault.source in entry.table.match:
            several = len(entry.table.match) > 1
            return entry.place.at("match", *([entry.table.match.index(fault.source)] if several else []))
        return entry.place.at("except")


def check_channels(named: Sequence[str] | None, known: Collection[str], place: Place, report: Report) -> None:
    """Note each named channel that there is not."""
    for number, name in enumerate(named or ()):
        if name not in known:
            report.fault(place.at(number), f"no channel is called {name!r}", guess(name, known) or listed(known))
