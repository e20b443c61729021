"""What feeds do, and what of it is worth a message: once when a trouble begins, once when it ends, several in one.

    states of feeds, and what people know of each → Tidings

A trouble is told when it has lasted: a server that restarts is nobody's business. When most feeds cannot be reached at
once, that is one trouble, of this machine's network, and none of the feeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.feed import LASTING, Cause, FeedState, State
from monitor.feed.listing import Loss

#: A trouble that a person has to end is told after so long, and one that mostly passes after this.
SOON, PATIENCE = timedelta(minutes=15), timedelta(hours=1)
#: Polls that have to have failed by then, unless it lasts a day.
LEAST_FAILURES = 3
#: A feed works again when it has for so long; one that fails again before was never well.
CALM = timedelta(minutes=10)
#: Between two messages on feeds: what happens in between goes into the next one.
PAUSE = timedelta(minutes=30)
#: A loss waits so long for others, and a feed that loses at each poll is told of once a day.
LOSSES_WAIT, LOSS_AGAIN = timedelta(minutes=5), timedelta(days=1)
#: What a person has to end.
_DEFINITE = (
    Cause.ADDRESS,
    Cause.CERTIFICATE,
    Cause.LOGIN,
    Cause.FORBIDDEN,
    Cause.BOT_WALL,
    Cause.MISSING,
    Cause.PAGE,
)
_OUT_OF_REACH = (Cause.UNREACHABLE, Cause.NAME)
_TROUBLES = (State.FAILING, State.GONE, *LASTING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tidings:
    """What people are to be told of feeds."""

    #: In a trouble that they do not know of.
    begun: tuple[FeedState, ...] = ()
    #: Out of one that they know of.
    ended: tuple[FeedState, ...] = ()
    #: Read elsewhere from now on.
    moved: tuple[FeedState, ...] = ()

    def __bool__(self) -> bool:
        """Return whether there is anything to tell."""
        return bool(self.begun or self.ended or self.moved)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """How this machine's network does, as its feeds show it."""

    #: Feeds that cannot be reached.
    cut: tuple[FeedState, ...] = ()
    #: They are most of all, and people do not know of it.
    begun: bool = False
    #: It is over, and people know of it.
    ended: bool = False
    #: It was told, and lasts.
    lasts: bool = False
    #: Since the first feed answered again.
    back_since: datetime | None = None

    @property
    def is_out(self) -> bool:
        """Return whether no feed is to blame for being out of reach."""
        return self.begun or self.lasts


def network(states: Sequence[FeedState], watched: int) -> Network:
    """Return how the network does.

    It is out when more than half of all feeds could not be reached twice in a row, on more than one host. It is back
    when each feed that was out of reach has been asked since the first of them answered.
    """
    cut = tuple(state for state in states if _is_cut(state))
    told = [state for state in states if state.told_network]
    most = len(cut) * 2 > watched and len({state.host for state in cut}) > 1
    if not told:
        return Network(cut=cut, begun=most)
    back_since = min((state.since for state in told if not _is_cut(state) and state.since), default=None)
    asked = back_since is not None and all(state.polled_at and state.polled_at >= back_since for state in cut)
    return Network(cut=cut, ended=asked and not most, lasts=not asked or most, back_since=back_since)


def to_ask(net: Network) -> tuple[FeedState, ...]:
    """Return the feeds to be asked now, since the network seems to be back."""
    since = net.back_since
    return tuple(each for each in net.cut if net.lasts and since and each.polled_at and each.polled_at < since)


def _is_cut(state: FeedState) -> bool:
    return state.state is State.FAILING and state.cause in _OUT_OF_REACH and state.failures > 1


def tidings(states: Sequence[FeedState], net: Network, now: datetime) -> Tidings:
    """Return what is worth a message of feeds, besides the network."""
    spared = {state.id for state in net.cut} if net.is_out else set()
    free = [state for state in states if state.id not in spared]
    return Tidings(
        begun=tuple(state for state in free if _begins(state, now)),
        ended=tuple(state for state in free if _ends(state, now)),
        moved=tuple(state for state in free if state.moved_to and state.told_move != state.moved_to),
    )


def _begins(state: FeedState, now: datetime) -> bool:
    if state.state not in _TROUBLES or state.told is state.state:
        return False
    return state.state is not State.FAILING or _has_lasted(state, now)


def _has_lasted(state: FeedState, now: datetime) -> bool:
    lasts = now - (state.since or now)
    often = state.failures >= LEAST_FAILURES and lasts >= (SOON if state.cause in _DEFINITE else PATIENCE)
    return often or lasts >= timedelta(days=1)


def _ends(state: FeedState, now: datetime) -> bool:
    if state.told is None or state.state is not State.OK:
        return False
    return state.told is State.SILENT or now - (state.since or now) >= CALM


def told(tidings: Tidings) -> tuple[FeedState, ...]:
    """Return the states of the feeds of which people were told these tidings."""
    knowing = {state.id: replace(state, told_move=state.moved_to) for state in tidings.moved}
    for state in tidings.begun:
        knowing[state.id] = replace(state, told=state.state, told_since=state.since, told_move=state.moved_to)
    for state in tidings.ended:
        knowing[state.id] = replace(state, told=None, told_since=None, told_move=state.moved_to)
    return tuple(knowing.values())


def marked(states: Sequence[FeedState], net: Network) -> tuple[FeedState, ...]:
    """Return the states with which feeds people put down to the network, which they do until that is back."""
    cut = {state.id for state in net.cut}
    return tuple(
        replace(state, told_network=net.is_out and (state.told_network or state.id in cut)) for state in states
    )


# --- losses ------------------------------------------------------------------------------------------------------


def ripe(losses: Sequence[Loss], told_at: datetime | None, now: datetime) -> bool:
    """Return whether the losses of one feed, of which people do not know, are to be told now."""
    waited = any(now - each.until >= LOSSES_WAIT for each in losses)
    return waited and (told_at is None or now - told_at >= LOSS_AGAIN)
