"""A feed is asked politely, its history stays quiet, and what is new in it rings once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from types import SimpleNamespace

import pytest

from monitor import documents, herald, intake, saving
from monitor.feed import Feed, State, rhythm
from monitor.herald import Herald
from monitor.intake import Answered, Rules, Taken
from monitor.loading import load
from monitor.store import feeds
from monitor.store.database import Tx
from tests.http_server import HANG, HttpServer, Reply
from tests.scenarios.house import MORNING, House, payloads, rss

OLD = {"guid": "1", "title": "Harbour strike enters third day", "description": "Dockers stay out."}
NEW = {"guid": "2", "title": "Harbour strike ends", "description": "Dockers return to work on Monday."}
EDITED = {**NEW, "title": "Harbour strike ends after four days"}


def config(wire: HttpServer, receiver: HttpServer, *, feed: str = "", rule: str = '"harbour strike"') -> str:
    receiver.reply("/hook", Reply(status=204))
    return f"""
        timezone = "Europe/Berlin"
        feeds.wire = {{ url = "{wire.url("/rss")}", interval = "5m"{feed} }}
        rules.dock = {rule}
        channels.desk = {{ webhook = "{receiver.url("/hook")}" }}
        network.allow = ["127.0.0.0/8", "::1/128"]
    """


def rung(receiver: HttpServer) -> list[object]:
    return [alert["headline"] for alert in payloads(request.body for request in receiver.asked("/hook"))]


async def test_what_stands_in_a_feed_at_first_is_not_rung(house: House, wire: HttpServer, receiver: HttpServer) -> None:
    wire.reply("/rss", Reply(body=rss([OLD])))
    house.configure(config(wire, receiver))
    await house.work()
    assert rung(receiver) == []


async def test_what_comes_later_rings_once(house: House, wire: HttpServer, receiver: HttpServer) -> None:
    wire.reply("/rss", Reply(body=rss([OLD])), Reply(body=rss([NEW, OLD])))
    house.configure(config(wire, receiver))
    await house.work()
    await house.after(minutes=5)
    await house.after(minutes=5)
    assert rung(receiver) == ["Harbour strike ends"]


async def test_an_empty_feed_is_a_baseline_too(house: House, wire: HttpServer, receiver: HttpServer) -> None:
    wire.reply("/rss", Reply(body=rss([])), Reply(body=rss([NEW])))
    house.configure(config(wire, receiver))
    await house.work()
    await house.after(minutes=5)
    assert rung(receiver) == ["Harbour strike ends"]


async def test_an_error_page_is_no_baseline(house: House, wire: HttpServer, receiver: HttpServer) -> None:
    wire.reply("/rss", Reply(body=b"<html><body>maintenance</body></html>"), Reply(body=rss([OLD])))
    house.configure(config(wire, receiver))
    await house.work()
    await house.after(minutes=5)
    assert rung(receiver) == []


async def test_a_changed_headline_is_a_revision_and_no_second_alert(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/rss", Reply(body=rss([])), Reply(body=rss([NEW])), Reply(body=rss([EDITED])))
    house.configure(config(wire, receiver))
    for _ in range(3):
        await house.after(minutes=5)
    assert rung(receiver) == ["Harbour strike ends"]
    revisions = house.database.read_now(lambda tx: tx.exec_driver_sql("SELECT headline FROM revision").scalars().all())
    assert revisions == ["Harbour strike ends"]


async def test_a_revision_that_meets_the_rule_for_the_first_time_rings(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    quiet = {**NEW, "title": "Talks at the port", "description": "Both sides meet."}
    wire.reply("/rss", Reply(body=rss([])), Reply(body=rss([quiet])), Reply(body=rss([NEW])))
    house.configure(config(wire, receiver))
    for _ in range(3):
        await house.after(minutes=5)
    assert rung(receiver) == ["Harbour strike ends"]


async def test_catch_up_rings_for_what_was_published_within_it(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/rss", Reply(body=rss([OLD], at=MORNING - timedelta(hours=3))))
    house.configure(config(wire, receiver, feed=', catch_up = "24h"'))
    await house.work()
    assert rung(receiver) == ["Harbour strike enters third day"]


async def test_an_undated_entry_is_never_caught_up(house: House, wire: HttpServer, receiver: HttpServer) -> None:
    wire.reply("/rss", Reply(body=rss([OLD])))
    house.configure(config(wire, receiver, feed=', catch_up = "24h"'))
    await house.work()
    assert rung(receiver) == []


async def test_an_unseen_entry_from_long_before_the_baseline_is_history(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/rss", Reply(body=rss([])), Reply(body=rss([OLD], at=MORNING - timedelta(days=30))))
    house.configure(config(wire, receiver))
    await house.work()
    await house.after(minutes=5)
    assert rung(receiver) == []


async def test_a_feed_is_asked_with_what_its_server_gave_it(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    stamped = {"ETag": '"v1"', "Last-Modified": "Tue, 24 Nov 2026 07:59:00 GMT"}
    wire.reply("/rss", Reply(body=rss([OLD]), headers=stamped), Reply(status=304))
    house.configure(config(wire, receiver))
    await house.work()
    await house.after(minutes=5)
    second = wire.asked("/rss")[1].headers
    assert second["if-none-match"] == '"v1"'
    assert second["if-modified-since"] == "Tue, 24 Nov 2026 07:59:00 GMT"


async def test_a_feed_is_not_asked_before_its_interval_has_passed(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/rss", Reply(body=rss([OLD])))
    house.configure(config(wire, receiver))
    await house.work()
    await house.after(minutes=4)
    assert len(wire.asked("/rss")) == 1


async def test_retry_after_is_obeyed(house: House, wire: HttpServer, receiver: HttpServer) -> None:
    wire.reply("/rss", Reply(status=429, headers={"Retry-After": "3600"}), Reply(body=rss([OLD])))
    house.configure(config(wire, receiver))
    await house.work()
    await house.after(minutes=59)
    assert len(wire.asked("/rss")) == 1
    await house.after(minutes=1)
    assert len(wire.asked("/rss")) == 2


async def test_a_failing_feed_is_asked_less_and_less_often(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/rss", Reply(status=500))
    house.configure(config(wire, receiver))
    await house.work()
    for _ in range(36):
        await house.after(minutes=5)
    assert len(wire.asked("/rss")) == 6  # at 0, 5, 15, 35, 75 and 135 minutes; an hour is the longest wait


async def test_a_feed_that_is_gone_is_asked_once_a_day(house: House, wire: HttpServer, receiver: HttpServer) -> None:
    wire.reply("/rss", Reply(status=410), Reply(body=rss([OLD])))
    house.configure(config(wire, receiver))
    await house.work()
    await house.after(hours=23)
    assert len(wire.asked("/rss")) == 1
    await house.after(hours=1)
    assert house.database.read_now(feeds.all_states)[0].state is State.OK


async def test_a_feed_that_has_moved_for_good_is_asked_at_its_new_place(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/rss", Reply(status=301, headers={"Location": wire.url("/new")}))
    wire.reply("/new", Reply(body=rss([OLD])), Reply(body=rss([NEW, OLD])))
    house.configure(config(wire, receiver))
    await house.work()
    await house.after(minutes=5)
    assert len(wire.asked("/rss")) == 1
    assert rung(receiver) == ["Harbour strike ends"]


async def test_a_move_to_what_is_no_feed_is_not_followed_for_good(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/rss", Reply(status=301, headers={"Location": wire.url("/login")}), Reply(body=rss([OLD])))
    wire.reply("/login", Reply(body=b"<html><body>Log in</body></html>"))
    house.configure(config(wire, receiver))
    await house.work()
    await house.after(minutes=5)
    assert len(wire.asked("/rss")) == 2


async def test_a_server_on_this_machine_is_not_asked_unless_allowed(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    house.configure(config(wire, receiver).replace('network.allow = ["127.0.0.0/8", "::1/128"]', ""))
    await house.work()
    assert wire.connections == 0
    (state,) = house.database.read_now(feeds.all_states)
    assert state.reason.startswith("no answer: address is not public")


async def test_a_feed_that_was_claimed_before_its_config_is_in_force_is_polled_in_the_next_second(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/rss", Reply(body=rss([OLD])))
    wire.reply("/other", Reply(body=rss([OLD])))
    before = config(wire, receiver)
    house.configure(before)
    await house.work()
    with_another = before + f'\nfeeds.other = {{ url = "{wire.url("/other")}" }}'
    another = Feed(name="other", url=wire.url("/other"))
    (known,) = load(house.folder / "config.toml", {}).feeds
    await house.database.write(partial(feeds.sync, declared=(known, another), now=house.clock()))
    await house.work()
    assert wire.asked("/other") == ()
    house.configure(with_another)
    house.clock.forward(seconds=1)
    await house.work()
    assert len(wire.asked("/other")) == 1


async def test_a_removed_feed_rests_and_resumes_where_it_was(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/rss", Reply(body=rss([OLD])), Reply(body=rss([NEW, OLD])))
    with_feed = config(wire, receiver)
    house.configure(with_feed)
    await house.work()
    house.configure(with_feed.replace("feeds.wire", "feeds.other").replace("/rss", "/else"))
    await house.after(minutes=5)
    house.configure(with_feed)
    await house.after(minutes=5)
    assert rung(receiver) == ["Harbour strike ends"]


@pytest.mark.parametrize("broken", [b"", b"<rss", b"\x00\xff\xfe", b"{}"])
async def test_a_broken_feed_touches_no_other(
    house: House, wire: HttpServer, receiver: HttpServer, broken: bytes
) -> None:
    wire.reply("/rss", Reply(body=rss([])), Reply(body=rss([NEW])))
    wire.reply("/broken", Reply(body=broken))
    house.configure(config(wire, receiver) + f'\nfeeds.broken = {{ url = "{wire.url("/broken")}", interval = "5m" }}')
    await house.work()
    await house.after(minutes=5)
    assert rung(receiver) == ["Harbour strike ends"]


async def test_another_address_with_the_same_items_goes_on_where_it_was(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/rss", Reply(body=rss([OLD])))
    wire.reply("/moved", Reply(body=rss([NEW, OLD])))
    house.configure(config(wire, receiver))
    await house.work()
    house.configure(config(wire, receiver).replace("/rss", "/moved"))
    await house.work()
    assert rung(receiver) == ["Harbour strike ends"]


async def test_another_address_with_other_items_is_a_new_history(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/rss", Reply(body=rss([{**OLD, "guid": "7"}])))
    wire.reply("/moved", Reply(body=rss([NEW, OLD])))
    house.configure(config(wire, receiver))
    await house.work()
    house.configure(config(wire, receiver).replace("/rss", "/moved"))
    await house.work()
    assert rung(receiver) == []


async def test_a_feed_that_hangs_its_reader_fails_with_that_reason_and_takes_the_slow_lane(
    house: House, wire: HttpServer, receiver: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "DEADLINE", timedelta(milliseconds=1))
    wire.reply("/rss", Reply(body=rss([{**OLD, "guid": str(n)} for n in range(900)])))
    house.configure(config(wire, receiver))
    await house.work()
    (state,) = house.database.read_now(feeds.all_states)
    assert (state.state, state.slow) == (State.FAILING, True)
    assert state.reason.startswith("the feed could not be read: took too long to read")


async def test_a_huge_feed_is_truncated_and_says_so(
    house: House, wire: HttpServer, receiver: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    wire.reply("/rss", Reply(body=rss([{"guid": str(n), "title": f"Item {n}"} for n in range(1003)])))
    house.configure(config(wire, receiver))
    await house.work()
    assert "wire truncated: 3 more entries were not read" in caplog.text
    assert house.database.read_now(feeds.facts)[0].items == 1000


async def test_feeds_of_a_host_that_hangs_leave_the_way_free_for_others(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    hanging = "\n".join(f'feeds.h{n} = "{wire.reply(f"/h{n}", HANG)}"' for n in range(8))
    good = wire.url("/good", host="localhost")
    wire.reply("/good", Reply(body=rss([OLD])))
    house.configure(
        config(wire, receiver).replace('feeds.wire = { url = "' + wire.url("/rss"), 'feeds.wire = { url = "' + good)
        + f'\n{hanging}\npolling = {{ concurrency = 4, per_host = 2, timeout = "2s" }}'
    )
    assert house.pipeline
    working = asyncio.create_task(house.pipeline.polls.drain())
    async with asyncio.timeout(10):
        while not wire.asked("/good"):
            await asyncio.sleep(0.01)
    asked_by_then = len(wire.received) - 1
    await working
    assert asked_by_then <= 4
    states = {state.name: state.state for state in house.database.read_now(feeds.all_states)}
    assert states["wire"] is State.OK
    assert sum(state is State.FAILING for state in states.values()) == 8


async def test_a_host_that_is_left_alone_between_polls_is_asked_for_all_of_its_feeds(
    house: House, wire: HttpServer, receiver: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rhythm, "MOST_SPACING", timedelta(seconds=0.05))
    others = "\n".join(f'feeds.f{n} = "{wire.reply(f"/f{n}", Reply(body=rss([OLD])))}"' for n in range(4))
    wire.reply("/rss", Reply(body=rss([OLD])))
    house.configure(f"{config(wire, receiver)}\n{others}\npolling = {{ per_host = 1 }}")
    await house.work()
    assert sorted(request.path for request in wire.received) == ["/f0", "/f1", "/f2", "/f3", "/rss"]


async def test_what_feeds_bring_at_once_is_kept_in_one_transaction(
    house: House, wire: HttpServer, receiver: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    transactions = []

    def take(tx: Tx, answered: Answered, rules: Rules) -> Taken | None:
        transactions.append(tx.get_transaction())
        return intake.take(tx, answered, rules)

    monkeypatch.setattr(saving, "intake", SimpleNamespace(take=take))
    others = "\n".join(f'feeds.f{n} = "{wire.reply(f"/f{n}", Reply(body=rss([OLD])))}"' for n in range(4))
    wire.reply("/rss", Reply(body=rss([OLD])))
    house.saves_apart = timedelta(seconds=1)
    house.configure(f"{config(wire, receiver)}\n{others}\npolling = {{ per_host = 5 }}")
    await house.work()
    assert len(transactions) == 5
    assert len(set(transactions)) == 2, "the first is kept at once, the others together"


async def test_a_feed_without_an_interval_is_asked_sooner_the_more_it_brings(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    busy = [{"guid": str(n), "title": f"Item {n}"} for n in range(40)]
    dated = [rss([entry], at=MORNING - timedelta(minutes=20 * n)) for n, entry in enumerate(busy)]
    items = b"".join(each.partition(b"</title>")[2].removesuffix(b"</channel></rss>") for each in dated)
    wire.reply("/busy", Reply(body=b'<rss version="2.0"><channel><title>Busy</title>' + items + b"</channel></rss>"))
    wire.reply("/rss", Reply(body=rss([OLD], at=MORNING - timedelta(days=20))))
    house.configure(f"""
        feeds.busy = "{wire.url("/busy")}"
        feeds.quiet = "{wire.url("/rss")}"
        rules.dock = '"harbour strike"'
        channels.desk = {{ webhook = "{receiver.url("/hook")}" }}
        network.allow = ["127.0.0.0/8"]
    """)
    await house.pass_by(step=timedelta(minutes=1), minutes=60)
    assert len(wire.asked("/busy")) > 2 * len(wire.asked("/rss"))
    assert 14 <= len(wire.received) <= 30  # two feeds at one poll in five minutes on average


async def test_an_interval_is_shortened_while_polls_do_not_overlap(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/rss", *(Reply(body=rss([{"guid": str(n), "title": f"Item {n}"}])) for n in range(2)))
    house.configure(config(wire, receiver))
    await house.work()
    await house.after(minutes=5)
    (state,) = house.database.read_now(feeds.all_states)
    assert state.within == timedelta(seconds=75)
    assert state.next_poll_at == house.clock() + timedelta(seconds=75)
    (lost,) = house.database.read_now(feeds.facts)[0].losses
    assert lost.until - lost.since == timedelta(minutes=5)


# --- many feeds --------------------------------------------------------------------------------------------------


async def test_the_first_screen_shows_some_of_many_feeds_and_says_where_the_others_are(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(herald, "MOST_FEEDS", 2)
    feeds = "\n".join(f'{name} = "https://{name}.example/rss"' for name in ("east", "north", "south", "west"))
    house.configure(f'timezone = "UTC"\n[feeds]\n{feeds}\n[rules]\nroad = "road"\n[channels]\nscreen = "console:"\n')
    assert house.pipeline
    await Herald(house.database, console=house.console, now=house.clock).screen(house.pipeline.runtime)
    shown = house.console.getvalue()
    assert [name for name in ("east", "north", "south", "west") if f"  {name}" in shown] == ["east", "north"]
    assert "and 2 more feeds     see: wirebell status" in shown
