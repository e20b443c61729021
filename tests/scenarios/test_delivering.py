"""What is owed arrives: late, marked or shown as undelivered where a receiver fails, and never at another's cost."""

from __future__ import annotations

import asyncio

from monitor.alert import Delivery, DeliveryState
from tests.http_server import HANG, HttpServer, Reply
from tests.scenarios.house import House, payloads, rss

ENTRY = {"guid": "2", "title": "Ferry runs aground", "description": "Nobody is hurt."}


def config(wire: HttpServer, channels: str, rule: str = '"ferry"') -> str:
    return f"""
        timezone = "UTC"
        feeds.wire = {{ url = "{wire.url("/rss")}", interval = "5m" }}
        rules.sea = {rule}
        network.allow = ["127.0.0.0/8"]
        {channels}
    """


async def ring(house: House, wire: HttpServer, toml: str) -> None:
    wire.reply("/rss", Reply(body=rss([])), Reply(body=rss([ENTRY])))
    house.configure(toml)
    await house.work()
    await house.after(minutes=5)


def webhook(receiver: HttpServer, *replies: Reply, name: str = "desk", more: str = "") -> str:
    url = receiver.reply(f"/{name}", *replies)
    return f'channels.{name} = {{ webhook = "{url}", default = true{more} }}\n'


def only(house: House, channel: str = "desk") -> Delivery:
    (delivery,) = [each for each in house.deliveries() if each.channel == channel]
    return delivery


async def test_a_receiver_that_recovers_gets_the_message_with_the_id_it_had(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    await ring(house, wire, config(wire, webhook(receiver, Reply(status=500), Reply(status=500), Reply(status=200))))
    await house.after(seconds=5)
    await house.after(seconds=10)
    delivery = only(house)
    assert (delivery.state, delivery.attempts) == (DeliveryState.SENT, 3)
    assert {request.headers["webhook-id"] for request in receiver.asked("/desk")} == {delivery.id}


async def test_nothing_is_tried_again_before_its_time(house: House, wire: HttpServer, receiver: HttpServer) -> None:
    await ring(house, wire, config(wire, webhook(receiver, Reply(status=500))))
    await house.after(seconds=4)
    assert len(receiver.asked("/desk")) == 1


async def test_the_wait_that_a_receiver_asks_for_is_kept(house: House, wire: HttpServer, receiver: HttpServer) -> None:
    busy = Reply(status=429, headers={"Retry-After": "600"})
    await ring(house, wire, config(wire, webhook(receiver, busy, Reply())))
    await house.after(seconds=599)
    assert len(receiver.asked("/desk")) == 1
    await house.after(seconds=1)
    assert only(house).state is DeliveryState.SENT


async def test_a_refused_login_is_shown_and_not_tried_again(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    await ring(house, wire, config(wire, webhook(receiver, Reply(status=401))))
    await house.after(hours=1)
    delivery = only(house)
    assert (delivery.state, delivery.attempts) == (DeliveryState.UNDELIVERED, 1)
    assert "401" in delivery.reason


async def test_a_receiver_that_never_answers_gets_one_more_message_marked_as_one_that_may_repeat(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    await ring(house, wire, config(wire, webhook(receiver, HANG)))
    await house.after(minutes=1)
    await house.after(hours=1)
    delivery = only(house)
    assert (delivery.state, delivery.attempts) == (DeliveryState.UNKNOWN, 2)
    marks = [document.get("may_repeat") for document in payloads(r.body for r in receiver.asked("/desk"))]
    assert marks == [None, True]


async def test_a_channel_that_works_is_not_late_because_another_hangs(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    channels = webhook(receiver, HANG, name="dead") + webhook(receiver, Reply(), name="desk")
    await ring(house, wire, config(wire, channels))
    first_at = {name: receiver.asked(f"/{name}")[0].at for name in ("dead", "desk")}
    assert abs(first_at["desk"] - first_at["dead"]) < 5


async def test_a_dead_channel_is_probed_once_a_pause_and_keeps_its_order(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    entries = [{"guid": str(n), "title": f"Ferry number {n} is late"} for n in range(3)]
    wire.reply("/rss", Reply(body=rss([])), Reply(body=rss(reversed(entries))))
    house.configure(config(wire, webhook(receiver, Reply(status=503), Reply())))
    await house.work()
    await house.after(minutes=5)
    assert len(receiver.asked("/desk")) == 1
    await house.after(seconds=5)
    headlines = [document["headline"] for document in payloads(r.body for r in receiver.asked("/desk")[1:])]
    assert headlines == [f"Ferry number {n} is late" for n in range(3)]


async def test_a_refused_message_does_not_hold_up_the_next(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    entries = [{"guid": str(n), "title": f"Ferry number {n} is late"} for n in range(2)]
    wire.reply("/rss", Reply(body=rss([])), Reply(body=rss(reversed(entries))))
    house.configure(config(wire, webhook(receiver, Reply(status=422), Reply())))
    await house.work()
    await house.after(minutes=5)
    assert sorted(each.state for each in house.deliveries()) == [DeliveryState.SENT, DeliveryState.UNDELIVERED]


async def test_a_delivery_waits_for_the_end_of_the_quiet_hours(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    await ring(house, wire, config(wire, webhook(receiver, Reply(), more=', quiet = "07:00-09:00"')))
    delivery = only(house)
    assert (delivery.state, delivery.reason) == (DeliveryState.QUEUED, "held, quiet hours")
    await house.after(minutes=55)
    assert only(house).state is DeliveryState.SENT


async def test_an_alert_that_matters_enough_wakes_the_channel(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    quiet = webhook(receiver, Reply(), more=', quiet = "07:00-09:00", wake = "high"')
    await ring(house, wire, config(wire, quiet, rule='{ match = "ferry", priority = "high" }'))
    assert only(house).state is DeliveryState.SENT


async def test_a_rule_tells_the_channels_it_names_and_no_other(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    channels = webhook(receiver, Reply(), name="desk") + webhook(receiver, Reply(), name="night")
    await ring(house, wire, config(wire, channels, rule='{ match = "ferry", notify = "night" }'))
    assert [each.channel for each in house.deliveries()] == ["night"]


async def ring_and_edit(house: House, receiver: HttpServer, edited: str) -> None:
    """Let what is due ring, and put another config to work while the first message is on its way."""
    sending = asyncio.create_task(house.after(minutes=5))
    while not receiver.asked("/desk"):
        await asyncio.sleep(0.01)
    house.configure(edited)
    await sending
    await house.work()


async def test_what_waits_goes_where_an_edited_channel_leads(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    entries = [{"guid": str(n), "title": f"Ferry number {n} is late"} for n in range(2)]
    wire.reply("/rss", Reply(body=rss([])), Reply(body=rss(reversed(entries))))
    house.configure(config(wire, webhook(receiver, Reply(status=204, delay=0.5))))
    await house.work()
    moved = receiver.reply("/moved", Reply(status=204))
    await ring_and_edit(house, receiver, config(wire, f'channels.desk = {{ webhook = "{moved}", default = true }}\n'))
    told = {name: payloads(r.body for r in receiver.asked(name)) for name in ("/desk", "/moved")}
    assert {name: [each["headline"] for each in documents] for name, documents in told.items()} == {
        "/desk": ["Ferry number 0 is late"],
        "/moved": ["Ferry number 1 is late"],
    }


async def test_a_refused_message_of_a_channel_that_was_removed_meanwhile_is_withheld(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    wire.reply("/rss", Reply(body=rss([])), Reply(body=rss([ENTRY])))
    house.configure(config(wire, webhook(receiver, Reply(status=503, delay=0.5))))
    await house.work()
    await ring_and_edit(house, receiver, config(wire, webhook(receiver, Reply(), name="other")))
    assert (only(house).state, only(house).reason) == (DeliveryState.WITHHELD, "channel removed")


async def test_an_alert_given_up_after_two_days_is_shown_as_undelivered(
    house: House, wire: HttpServer, receiver: HttpServer
) -> None:
    await ring(house, wire, config(wire, webhook(receiver, Reply(status=500))))
    for _ in range(3):
        await house.after(hours=17)
    delivery = only(house)
    assert delivery.state is DeliveryState.UNDELIVERED
    assert delivery.reason.startswith("given up after 48 h")


async def test_the_console_shows_the_alert(house: House, wire: HttpServer) -> None:
    await ring(house, wire, config(wire, 'channels.here = "console:"'))
    assert 'sea rang: "Ferry runs aground"' in house.console.getvalue()
