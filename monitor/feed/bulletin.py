"""What people read of their feeds: what is wrong with which, what they can do, and that all others are fine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from monitor.alert import Kind, Notice, derived_id
from monitor.feed import Cause, FeedState, State
from monitor.feed.health import Network, Tidings
from monitor.feed.listing import Loss
from monitor.feed.silence import Habit
from monitor.greeting import clock
from monitor.outage import span

#: So many feeds are told of one by one.
MOST_LINES = 20
#: What a person can do, by what a failed poll comes from.
CURES: Mapping[Cause, str] = {
    Cause.UNREACHABLE: "If the address opens in a browser here, wait; if it does not, look for another.",
    Cause.NAME: "Look whether the address is spelt right, and whether the site still exists.",
    Cause.ADDRESS: "If a feed inside your own network is meant, allow its range: [network] allow.",
    Cause.CERTIFICATE: "Its certificate is not accepted: the publisher must renew it, or the address has moved.",
    Cause.LOGIN: "The server wants a login: look for the publisher's public feed, or one with a token in its address.",
    Cause.FORBIDDEN: "The server refuses programs, or this machine: ask the publisher, or take another feed.",
    Cause.BOT_WALL: "A wall against programs stands before it: ask the publisher to let feed readers through, or take "
    "another feed.",
    Cause.MISSING: "Look for its new address on the site.",
    Cause.GONE: "Look for its new address on the site, or remove it.",
    Cause.BUSY: "The server has trouble, or wants to be asked less often: a longer interval may help.",
    Cause.PAGE: "A web page stands where the feed was: look for the feed's new address on it.",
    Cause.EMPTY: "The server sends nothing: wait, and tell the publisher.",
    Cause.BROKEN: "What it sends can no longer be read: wait, and tell the publisher.",
    Cause.OTHER: "The test shows what it answers.",
}
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve")
_HOW_MANY = {
    State.FAILING: ("fails", "fail"),
    State.GONE: ("is gone", "are gone"),
    State.SILENT: ("is silent", "are silent"),
    State.ODD: ("is odd", "are odd"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a message says of one feed besides its state."""

    #: Rules that watch it.
    rules: tuple[str, ...] = ()
    #: What it usually brings; None where that is not known.
    habit: Habit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """For whom it is written, and when."""

    #: Feeds that are watched, and those of them that are in trouble.
    watched: int
    troubled: int
    about: Mapping[str, About]
    now: datetime
    zone: tzinfo

    def clock(self, moment: datetime | None) -> str:
        """Return the local time, with the day where it is not today's."""
        return clock(moment or self.now, self.now, self.zone)


def length(span: timedelta) -> str:
    """Return how long something takes, as people say it: 40 min, 9 h, 3 days."""
    minutes = round(span / timedelta(minutes=1))
    if minutes < 90 and minutes % 60:  # noqa: PLR2004 - as people say it
        return f"{minutes} min"
    hours = round(span / timedelta(hours=1))
    return f"{hours} h" if hours < 48 else f"{round(span / timedelta(days=1))} days"  # noqa: PLR2004 - the same


# --- feeds -------------------------------------------------------------------------------------------------------


def health(tidings: Tidings, desk: Desk) -> Notice:
    """Return the one message on what has begun, ended and moved."""
    states = (*tidings.begun, *tidings.ended, *tidings.moved)
    subject, message = _single(tidings, desk) if len(states) == 1 else _several(tidings, desk)
    return Notice(
        id=derived_id(Kind.HEALTH, desk.now.isoformat(), *(state.name for state in states)),
        kind=Kind.HEALTH,
        subject=subject,
        message=message,
        made_at=desk.now,
        feed=states[0].name if len(states) == 1 else None,
    )


def _single(tidings: Tidings, desk: Desk) -> tuple[str, str]:
    if tidings.begun:
        (state,) = tidings.begun
        look = f"Look: {state.address}   then: wirebell feeds test {state.name}"
        said = [_begun(state, desk), f"{_watching(state, desk)} {_others(desk)} {_promise(state)}", look]
        if state.state is State.SILENT:
            said[-1] += f'      Too strict? feeds.{state.name}.silent_after = "{_roomier(state, desk)}"'
        return _title(state, desk), "\n".join(said)
    if tidings.ended:
        (state,) = tidings.ended
        return _end_title(state), f"{_ended(state, desk)} {_others(desk)}"
    (state,) = tidings.moved
    return f"{state.name} has moved", _moved(state)


def _several(tidings: Tidings, desk: Desk) -> tuple[str, str]:
    lines = [f"{_title(state, desk)}. {_begun(state, desk)}" for state in tidings.begun]
    lines += [_ended(state, desk) for state in tidings.ended]
    lines += [_moved(state) for state in tidings.moved]
    more = [f"… and {len(lines) - MOST_LINES} more: wirebell feeds list"] if len(lines) > MOST_LINES else []
    promise = ["One more message follows when they work again."] if tidings.begun else []
    return _summary(tidings), "\n".join([*lines[:MOST_LINES], *more, " ".join([_others(desk), *promise])])


def _summary(tidings: Tidings) -> str:
    counted = [(sum(each.state is state for each in tidings.begun), words) for state, words in _HOW_MANY.items()]
    counted += [(len(tidings.ended), ("works again", "work again")), (len(tidings.moved), ("has moved", "have moved"))]
    said = [f"{count} {words[count > 1]}" for count, words in counted if count]
    whole = sum(count for count, _ in counted)
    return f"{whole} feeds {said[0].partition(' ')[2]}" if len(said) == 1 else f"{whole} feeds: {', '.join(said)}"


def _title(state: FeedState, desk: Desk) -> str:
    if state.state is not State.SILENT:
        return f"{state.name} {_HOW_MANY[state.state][0]}: {state.reason}"
    habit, last = desk.about[state.name].habit, state.since or desk.now
    usually = f", usually every {length(habit.usual)}" if habit else ""
    return f"{state.name} is silent: nothing new for {length(desk.now - last)}{usually}"


def _begun(state: FeedState, desk: Desk) -> str:
    match state.state:
        case State.SILENT:
            return _silent(state, desk)
        case State.ODD:
            return f"So it is since {desk.clock(state.since)}; what it brings is kept, and what was known rings nobody."
        case _:
            cure = CURES[state.cause or Cause.OTHER]
            return f"It could not be read since {desk.clock(state.since)}. {cure}"


def _silent(state: FeedState, desk: Desk) -> str:
    said = [f"Last item {desk.clock(state.since)}."]
    if habit := desk.about[state.name].habit:
        day = _DAYS[desk.now.astimezone(desk.zone).weekday()]
        said.append(f"By this hour on a {day} it has usually brought {int(habit.expected(desk.now))}.")
    still = state.changed_at is None or (state.since is not None and state.changed_at <= state.since)
    content = f"has not changed since {desk.clock(state.changed_at)}" if still else "changes, but nothing in it is new"
    return " ".join([*said, f"The server answers ({desk.clock(state.read_at)}), the content {content}."])


def _roomier(state: FeedState, desk: Desk) -> str:
    """Return a time of silence that is well over the one that was too long."""
    hours = (desk.now - (state.since or desk.now)) / timedelta(hours=1)
    return f"{max(24, round(hours * 2))}h" if hours < 360 else "30d"  # noqa: PLR2004 - more than 30 days cannot be written


def _promise(state: FeedState) -> str:
    return f"One more message follows when it {'speaks' if state.state is State.SILENT else 'works'} again."


def _watching(state: FeedState, desk: Desk) -> str:
    rules = desk.about[state.name].rules
    count = _NUMBERS[len(rules)] if len(rules) < len(_NUMBERS) else str(len(rules))
    if not rules:
        return "No rule watches it."
    shown = ", ".join(rules[:8]) + (" …" if len(rules) > 8 else "")  # noqa: PLR2004 - a line's worth
    return f"{count} rule{'' if len(rules) == 1 else 's'} {'watches' if len(rules) == 1 else 'watch'} it: {shown}."


def _others(desk: Desk) -> str:
    fine = desk.watched - desk.troubled
    if not desk.troubled:
        return "All feeds are fine." if desk.watched > 1 else ""
    return f"Your other {fine} feeds are fine." if fine > 1 else "Your other feed is fine." if fine else ""


def _end_title(state: FeedState) -> str:
    return f"{state.name} {'speaks' if state.told is State.SILENT else 'works'} again"


def _ended(state: FeedState, desk: Desk) -> str:
    was = {State.SILENT: "silent", State.ODD: "odd"}.get(state.told or State.FAILING, "not to be read")
    since = desk.clock(state.told_since)
    return f"{_end_title(state)} since {desk.clock(state.since)}; it was {was} since {since}."


def _moved(state: FeedState) -> str:
    return (
        f"{state.name} has moved for good and is read at its new address; nothing is lost. "
        f'When convenient: feeds.{state.name}.url = "{state.moved_to}"'
    )


# --- network -----------------------------------------------------------------------------------------------------


def network_out(net: Network, desk: Desk) -> Notice:
    """Return the one message that this machine has no network."""
    middle = sorted(net.cut, key=lambda state: state.since or desk.now)[len(net.cut) // 2]  # some were dead before
    since = middle.since or desk.now
    subject = f"{len(net.cut)} of {desk.watched} feeds unreachable: this machine's network"
    said = [
        f"Since {desk.clock(since)} most feeds cannot be reached, on several servers at once ({middle.reason}).",
        "That is this machine's network, or its name server, and not the feeds.",
        "One more message follows when it is back; the feeds are then asked at once.",
    ]
    return _network(subject, said, since, desk)


def network_back(net: Network, desk: Desk) -> Notice:
    """Return the one message that this machine has its network again."""
    back = net.back_since or desk.now
    still = [state.name for state in net.cut]
    said = [f"Feeds answer again since {desk.clock(back)}. What they listed meanwhile is being read."]
    said += [f"Still out of reach: {', '.join(still[:8])}{' …' if len(still) > 8 else ''}."] if still else []  # noqa: PLR2004 - a line's worth
    return _network("This machine's network is back", said, back, desk)


def _network(subject: str, said: Sequence[str], since: datetime, desk: Desk) -> Notice:
    return Notice(
        id=derived_id(Kind.HEALTH, "network", subject, since.isoformat()),
        kind=Kind.HEALTH,
        subject=subject,
        message="\n".join(said),
        made_at=desk.now,
    )


# --- losses ------------------------------------------------------------------------------------------------------


def losses(found: Mapping[str, Sequence[Loss]], desk: Desk) -> Notice:
    """Return the one message on what may have been lost, by feed, newest first."""
    first = next(iter(found))
    names = first if len(found) == 1 else f"{len(found)} feeds"
    newest = found[first][0]
    when = f"between {span_words(newest, desk)}" if len(found) == 1 else "between two polls"
    lines = [_lost(name, each, desk) for name, each in found.items()]
    more = [f"… and {len(lines) - MOST_LINES} more feeds."] if len(lines) > MOST_LINES else []
    said = [*lines[:MOST_LINES], *more, _why_lost(found)]
    return Notice(
        id=derived_id(Kind.LOSS, desk.now.isoformat(), *found),
        kind=Kind.LOSS,
        subject=f"possible loss on {names} {when}",
        message="\n".join(said),
        made_at=desk.now,
        feed=first if len(found) == 1 else None,
    )


def span_words(loss: Loss, desk: Desk) -> str:
    """Return from when to when a loss may be."""
    return span(loss.since, loss.until, desk.zone).replace("–", " and ")


def _lost(name: str, found: Sequence[Loss], desk: Desk) -> str:
    before = f" (and {len(found) - 1} times before)" if len(found) > 1 else ""
    return f"possible loss on {name} between {span_words(found[0], desk)}{before}"


def _why_lost(found: Mapping[str, Sequence[Loss]]) -> str:
    whose = "The feed" if len(found) == 1 else "Each of these feeds"
    name = next(iter(found)) if len(found) == 1 else "NAME"
    return (
        f"{whose} then listed nothing of what it had listed before, so entries may have come and gone unseen. It is "
        f'polled more often from now on. A search or a top list loses nothing: feeds.{name}.window = "selection"'
    )
