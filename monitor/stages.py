"""The way of an item from its feed to a channel, for one rule: the stages in their order, and where it ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from enum import StrEnum

from monitor.alert import Alert, Delivery, DeliveryState
from monitor.feed import Feed, FeedState, host_of
from monitor.greeting import clock
from monitor.item import Item, Reading
from monitor.judge import Watch
from monitor.policy import Reason
from monitor.render import SHOWN
from monitor.rule import Explanation, Finding


class Name(StrEnum):
    """What a stage is called; the values are the words shown to people."""

    SEEN = "seen"
    WATCHED = "watched"
    READ = "read"
    MATCHED = "matched"
    ALERT = "alert"
    MUTE = "mute"
    QUIET = "quiet hours"
    DIGEST = "digest"
    BURST = "burst"
    DAILY = "daily number"
    ESCALATION = "escalation"
    DELIVERY = "delivery"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage, and whether the item came through it."""

    name: Name
    held: bool
    #: It came through, with something missing: headline and lead read, the article not.
    partly: bool = False
    #: In words for people.
    reason: str
    #: What else is known, for programs.
    detail: Mapping[str, object] = field(default_factory=dict)
    #: Of the stage of matching, one for each query of the rule.
    explanations: tuple[Explanation, ...] = ()
    #: Of a delivery, whom it goes to.
    receiver: str = ""

    @property
    def title(self) -> str:
        """Return what people call it: of a delivery, its channel."""
        return self.receiver or self.name.value

    @property
    def word(self) -> str:
        """Return whether it held in a word."""
        return "part" if self.held and self.partly else "yes" if self.held else "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What was kept of one item for one rule."""

    item: Item
    #: When the config was loaded that judged it last; None before it was judged.
    judged_by: datetime | None = None
    #: Whether it waits to be judged, for the first time or again.
    judge_due: bool = False
    #: When the rule matched, and how strongly; None where it did not.
    matched_at: datetime | None = None
    strength: float | None = None
    alert: Alert | None = None
    deliveries: tuple[Delivery, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A feed that has no item of a link."""

    state: FeedState
    #: When the oldest and the newest of its items were seen; None where it has none.
    oldest: datetime | None = None
    newest: datetime | None = None
    #: When it listed the link first, its item having been dropped since; None where it never did.
    dropped: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """What is known of a link that no item has."""

    link: str
    feeds: tuple[Listing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """How times are told."""

    now: datetime
    zone: tzinfo

    def __call__(self, moment: datetime) -> str:
        """Return the local time, with the day where it is not today's."""
        return clock(moment, self.now, self.zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How far an item came, for one rule."""

    #: On one line, for people.
    verdict: str
    #: Those that were reached.
    stages: tuple[Stage, ...]
    #: What would have come next.
    not_reached: tuple[str, ...]
    #: Commands that show more or mend it.
    tries: tuple[str, ...]


def of_text(watch: Watch, explanations: Sequence[Explanation], *, source: str) -> Course:
    """Return how far a text in hand comes, which no feed brought."""
    matched = _matched(explanations, None, None)
    verdict = f"{watch.name} {'matches' if matched.held else 'does not match'} this text."
    more = () if matched.held else (_retry(watch, explanations),)
    return Course(
        verdict=verdict,
        stages=(Stage(name=Name.SEEN, held=True, reason=f"a text in hand, {source}"), matched),
        not_reached=(),
        tries=more,
    )


def of_nothing(absence: Absence, *, clock: Clock) -> Course:
    """Return what can be said of a link that no item has."""
    dropped = [each for each in absence.feeds if each.dropped]
    near = [each for each in absence.feeds if _site(each.state.host) == _site(host_of(absence.link))]
    shown = dropped or near
    if dropped:
        verdict, reason = "No longer kept.", "the item was dropped since, as `keep` in the config says"
    else:
        verdict = "No feed listed this link."
        reason = "" if near else f"no feed is of {host_of(absence.link) or 'that site'}"
        reason = reason or "single polls are not kept: what came and went between two of them was never seen"
    detail = {"feeds": [_listing(each) for each in shown]}
    return Course(
        verdict=" ".join([verdict, *(_listing_words(each, clock) for each in shown)]),
        stages=(Stage(name=Name.SEEN, held=False, reason=reason, detail=detail),),
        not_reached=tuple(name.value for name in Name if name not in (Name.SEEN, Name.WATCHED, Name.DELIVERY)),
        tries=tuple(f"wirebell feeds test {each.state.name} (shows what it lists now)" for each in near),
    )


def _site(host: str) -> str:
    """Return what two hosts of one publisher have in common: feeds.bbc.example and www.bbc.example."""
    return ".".join(host.split(".")[-2:])


def _listing(each: Listing) -> dict[str, object]:
    return {
        "feed": each.state.name,
        "state": each.state.state.value,
        "last_poll": each.state.polled_at,
        "oldest": each.oldest,
        "newest": each.newest,
        "dropped": each.dropped,
    }


def _listing_words(each: Listing, clock: Clock) -> str:
    name, polled = each.state.name, each.state.polled_at
    if each.dropped:
        return f"{name} listed it first {clock(each.dropped)}."
    said = f"{name} was last read {clock(polled)}" if polled else f"{name} was never read"
    said += f" and is {each.state.state}" if polled else ""
    kept = (
        f"; its items are kept from {clock(each.oldest)} to {clock(each.newest)}" if each.oldest and each.newest else ""
    )
    return f"{said}{kept}."


def of_item(  # noqa: PLR0913 - all that a course depends on
    watch: Watch,
    feed: Feed | None,
    trace: Trace,
    explanations: Sequence[Explanation],
    *,
    channels: Sequence[str],
    clock: Clock,
) -> Course:
    """Return how far a stored item came.

    Args:
        watch: the rule.
        feed: where the item came from; None where the config no longer declares it.
        trace: what was kept of the item.
        explanations: of each query of the rule, on what could be read of the item.
        channels: those that the rule tells.
        clock: how times are told.
    """
    reached: list[Stage] = []
    for stage in _stages(watch, feed, trace, explanations, clock):
        reached.append(stage)
        if not stage.held and stage.name is not Name.DELIVERY:
            break
    last = reached[-1]
    order = list(Name)
    left = [name.value for name in order[order.index(last.name) + 1 :] if name is not Name.DELIVERY]
    return Course(
        verdict=_verdict(watch, trace, reached, clock),
        stages=tuple(reached),
        not_reached=() if last.name is Name.DELIVERY else (*left, *channels),
        tries=tuple(_tries(watch, trace, last)),
    )


def _stages(
    watch: Watch, feed: Feed | None, trace: Trace, explanations: Sequence[Explanation], clock: Clock
) -> Iterator[Stage]:
    yield _seen(trace.item, clock)
    if trace.alert is None and (feed is None or watch.feeds):
        yield _watched(watch, feed, trace.item)
    yield _read(trace.item)
    yield _matched(explanations, trace, clock)
    yield _alerted(watch, trace, clock)
    yield from _told(watch, trace, clock)


def _seen(item: Item, clock: Clock) -> Stage:
    said = [f"{item.feed}, {clock(item.seen_at)} (published {clock(item.published)})"]
    said += ["it stood in the feed at its first poll"] if item.baseline else []
    said += [f"changed since, version {item.version}"] if item.version > 1 else []
    detail = {
        "feed": item.feed,
        "seen": item.seen_at,
        "published": item.entry.published,
        "version": item.version,
        "baseline": item.baseline,
    }
    return Stage(name=Name.SEEN, held=True, reason=", ".join(said), detail=detail)


def _watched(watch: Watch, feed: Feed | None, item: Item) -> Stage:
    if feed is None:
        return Stage(name=Name.WATCHED, held=False, reason=f"the config declares no feed {item.feed} any more")
    listens = watch.listens(feed)
    listed = ", ".join(watch.feeds)
    reason = f"the rule watches {listed}" if listens else f"the rule watches {listed}, which is not {feed.name}"
    return Stage(name=Name.WATCHED, held=listens, reason=reason, detail={"feeds": list(watch.feeds)})


def _read(item: Item) -> Stage:
    there = {"headline": "headline only", "lead": "headline and lead only", "article": "headline, lead and text"}
    reason, whole = there[item.depth], item.reading is Reading.READ
    match item.reading:
        case Reading.READ:
            reason = "headline, lead and article"
        case Reading.DUE:
            so_far = f" (so far: {item.reading_reason})" if item.reading_reason else ""
            reason = f"{reason}; the article is still to be read{so_far}"
        case Reading.FAILED:
            reason = f"{reason}; article not read: {item.reading_reason}"
        case Reading.NOT_WANTED:
            whole = item.depth == "article"
            reason = "headline, lead and the feed's own text" if whole else f"{reason}; no article was asked for"
    detail = {"read": item.depth, "article": item.reading.value, "error": item.reading_reason or None}
    return Stage(name=Name.READ, held=True, partly=not whole, reason=reason, detail=detail)


def _matched(explanations: Sequence[Explanation], trace: Trace | None, clock: Clock | None) -> Stage:
    best = max(explanations, key=lambda each: (each.held, each.strength))
    held = best.held
    before = clock(trace.matched_at) if trace and clock and trace.matched_at else ""
    reason = f"{best.reason}, strength {best.strength:.2f}" if held else _lacking(_closest(explanations))
    if before and not held:  # the item rang, so it came through; what is said here is of the rule as it is now
        reason = f"it matched {before}, and would not now. {reason}"
    return Stage(
        name=Name.MATCHED,
        held=held or bool(before),
        partly=not held,
        reason=reason,
        detail={"now": held, "matched_at": trace.matched_at if trace else None},
        explanations=tuple(explanations),
    )


def _closest(explanations: Sequence[Explanation]) -> Explanation:
    """Return the query that most of is there of."""

    def there(each: Explanation) -> tuple[float, float]:
        leaves = list(each.tree.leaves)
        return each.strength, sum(leaf.held for leaf in leaves) / len(leaves)

    return max(explanations, key=there)


def _lacking(explanation: Explanation) -> str:
    """Return what a query lacks, thing by thing, where that is all there is to say."""
    lacking = [leaf for leaf in explanation.tree.leaves if not leaf.held]
    if not lacking or any(leaf.reason != "absent" for leaf in lacking):
        return explanation.reason
    return " ".join(f"{leaf.about}: {leaf.reason}." for leaf in lacking)


def _alerted(watch: Watch, trace: Trace, clock: Clock) -> Stage:
    if made := trace.alert:
        reason = f"a-{made.id[:SHOWN]}, made {clock(made.made_at)}"
        return Stage(name=Name.ALERT, held=True, reason=reason, detail={"alert": made.id, "made_at": made.made_at})
    return Stage(name=Name.ALERT, held=False, reason=_why_no_alert(watch, trace, clock))


def _why_no_alert(watch: Watch, trace: Trace, clock: Clock) -> str:
    item = trace.item
    if trace.judge_due:
        return "it is due to be judged"
    if item.baseline:
        return "it stood in the feed at its first poll, and what is old does not ring"
    if item.reading is Reading.DUE and watch.rule.needs_article_to_refute:
        return "the rule says NOT, and waits for the article, which could hold that"
    if trace.matched_at:
        over = watch.until if watch.has_ended(trace.matched_at) else None
        return f"the rule had ended {clock(over)}" if over else "its alert is kept no longer"
    if trace.judged_by:
        return f"it was judged by the config of {clock(trace.judged_by)}, which did not match it"
    return "it was never judged"


def _told(watch: Watch, trace: Trace, clock: Clock) -> Iterator[Stage]:
    if not trace.deliveries:
        reason = "the rule is on trial: kept, and nobody is told" if watch.trial else "it was owed to no channel"
        yield Stage(name=Name.DELIVERY, held=False, reason=reason, detail={"trial": watch.trial})
        return
    if muted := [each for each in trace.deliveries if _is_muted(each)]:
        whole = len(muted) == len(trace.deliveries)
        told = muted[0].reason if whole else ", ".join(f"{each.receiver_name} {each.reason}" for each in muted)
        yield Stage(name=Name.MUTE, held=not whole, partly=True, reason=told)
    for name, (reason, words) in _HOLDS.items():
        if held := [each for each in trace.deliveries if _waits_for(each, reason)]:
            told = ", ".join(f"{each.receiver_name} {words} {clock(each.due_at)}" for each in held)
            yield Stage(name=name, held=True, partly=True, reason=told)
    yield from (_delivered(each, clock) for each in trace.deliveries)


#: Stages at which a delivery waits for its time, with the reason that it then has, and what is said of its channel.
_HOLDS = {
    Name.QUIET: (Reason.QUIET, "rests until"),
    Name.DIGEST: (Reason.DIGEST, "brings its digest"),
    Name.BURST: (Reason.BURST, "was told of the rule too often, and is told of the rest"),
    Name.ESCALATION: (Reason.UNACKNOWLEDGED, "is told unless it is acknowledged by"),
    Name.DAILY: (Reason.DAILY, "was told of the rule often enough today, and is told of the rest"),
}


def _is_muted(delivery: Delivery) -> bool:
    return delivery.state is DeliveryState.WITHHELD and delivery.reason.startswith(Reason.MUTED)


def _waits_for(delivery: Delivery, reason: Reason) -> bool:
    return delivery.state is DeliveryState.QUEUED and delivery.reason == reason


def _delivered(delivery: Delivery, clock: Clock) -> Stage:
    state = delivery.state
    words = state.value
    if state is DeliveryState.SENT and delivery.sent_at:
        words = f"sent {clock(delivery.sent_at)}"
    elif state is DeliveryState.QUEUED:
        words = f"queued, due {clock(delivery.due_at)}"
    words += f": {delivery.reason}" if delivery.reason else ""
    words += f" ({delivery.attempts} attempts)" if delivery.attempts > 1 else ""
    words += f", in place of {delivery.instead_of}" if delivery.instead_of else ""
    waits = state in (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.BUNDLED, DeliveryState.UNKNOWN)
    return Stage(
        name=Name.DELIVERY,
        held=waits or state is DeliveryState.SENT,
        partly=waits,
        reason=words,
        detail={"delivery": delivery.id, "channel": delivery.channel, "state": state.value, "due": delivery.due_at},
        receiver=delivery.receiver_name,
    )


# --- words -------------------------------------------------------------------------------------------------------


def _verdict(watch: Watch, trace: Trace, reached: Sequence[Stage], clock: Clock) -> str:
    if made := trace.alert:
        told = reached[-1].reason if reached[-1].name is Name.MUTE else _count_told(reached)
        return f"Alert a-{made.id[:SHOWN]}, made {clock(made.made_at)}{f': {told}' if told else ''}."
    match reached[-1].name:
        case Name.WATCHED:
            return f"No alert. {watch.name} does not watch this feed."
        case Name.MATCHED:
            return f"No alert. {watch.name} did not match what could be read of this item."
        case _:
            return f"No alert, though {watch.name} matches this item."


def _count_told(reached: Iterable[Stage]) -> str:
    deliveries = [stage for stage in reached if stage.name is Name.DELIVERY]
    told: dict[str, list[str]] = {}
    for stage in deliveries:
        if stage.receiver:
            told.setdefault(str(stage.detail["state"]), []).append(stage.receiver)
    if not told:
        return deliveries[0].reason if deliveries else ""
    return "; ".join(
        f"{state} {'to' if state == DeliveryState.SENT else 'for'} {', '.join(who)}" for state, who in told.items()
    )


def _tries(watch: Watch, trace: Trace, last: Stage) -> Iterator[str]:
    item = trace.item
    if last.name is Name.MATCHED:
        if item.reading is Reading.FAILED:
            yield f"wirebell feeds test {item.feed} (shows what comes now)"
            yield f"with the text in hand: wirebell rules try {watch.name} --file article.txt"
        else:
            yield _retry(watch, last.explanations)
    elif last.name is Name.WATCHED:
        yield "wirebell rules list (shows which feeds each rule watches)"
    elif last.name is Name.ALERT and item.baseline:
        yield "wirebell run --catch-up 24h (rings for what is younger than that)"
    elif trace.alert:
        yield f"wirebell alerts show a-{trace.alert.id[:SHOWN]}"
        if last.name is Name.MUTE:
            yield f"wirebell alerts resend a-{trace.alert.id[:SHOWN]}"
        lost = dict.fromkeys(each.channel for each in trace.deliveries if each.state is DeliveryState.UNDELIVERED)
        yield from (f"wirebell channels test {channel}" for channel in lost)


def _retry(watch: Watch, explanations: Iterable[Explanation]) -> str:
    """Return the trial that shows whether the rule asks for too much."""
    if any(each.strength for each in explanations):  # all words are there
        return f"wirebell rules try {watch.name} --passing (shows what else falls short)"
    return f"wirebell rules try {watch.name} (shows what each word costs)"


def shown(tree: Finding) -> bool:
    """Return whether a tree says more than which of its words are absent."""
    return any(leaf.held or leaf.nearest for leaf in tree.leaves) and bool(tree.parts or tree.nearest)
