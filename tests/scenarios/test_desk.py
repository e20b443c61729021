"""A desk with mailboxes, chats and a screen: each is told by its own rules, and none at another's cost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from email.message import EmailMessage

import pytest

from monitor.alert import Delivery, DeliveryState
from tests.http_server import HttpServer, Reply
from tests.scenarios.house import House, rss
from tests.smtp_server import SmtpServer

#: Importing all plugins of Apprise imports imghdr, which goes with Python 3.13.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

ANNA, BEN = "anna@bank.example", "ben@bank.example"
ENTRY = {
    "guid": "1",
    "title": "Tunnel floods at rush hour",
    "description": "Trains wait in the tunnel <b>for hours</b>. Pumps are on the way.",
    "link": "https://wire.example/tunnel?line=2&stop=4",
}

IN_THE_LEAD = 'rules.metro = "trains NEAR/5 tunnel"'


@pytest.fixture
def post() -> Iterator[SmtpServer]:
    """A mail server that takes everything."""
    with SmtpServer() as server:
        yield server


class Moody(dict[str, str]):
    """What a mail server says to RCPT, in turn: each connection asks for one receiver."""

    def __init__(self, *replies: str) -> None:
        super().__init__(RCPT="")  # a mapping without a key would be taken for none
        self._replies = list(replies)

    def get(self, command: str, usual: str = "") -> str:  # type: ignore[override]
        return self._replies.pop(0) if command == "RCPT" and self._replies else usual


def mailbox(server: SmtpServer, *receivers: str, more: str = "") -> str:
    where = f'smtp = "127.0.0.1", port = {server.port}, security = "none", from = "desk@bank.example"'
    return f"channels.mail = {{ to = {json.dumps(receivers)}, {where}, default = true{more} }}\n"


def config(wire: HttpServer, channels: str, rules: str = 'rules.metro = "tunnel"') -> str:
    return f"""
        timezone = "Europe/Berlin"
        feeds.wire = {{ url = "{wire.url("/rss")}", interval = "5m", full_text = "never" }}
        network.allow = ["127.0.0.0/8"]
        {rules}
        {channels}
    """


async def ring(house: House, wire: HttpServer, toml: str, *entries: dict[str, str]) -> None:
    wire.reply("/rss", Reply(body=rss([])), Reply(body=rss(reversed(entries or (ENTRY,)), title="Example Wire")))
    house.configure(toml)
    await house.work()
    await house.after(minutes=5)


def by_receiver(house: House) -> dict[str, Delivery]:
    return {each.receiver: each for each in house.deliveries()}


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert isinstance(body, EmailMessage)
    content = body.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")


# --- mail ----------------------------------------------------------------------------------------------------------


async def test_each_receiver_gets_a_letter_of_their_own(house: House, wire: HttpServer, post: SmtpServer) -> None:
    await ring(house, wire, config(wire, mailbox(post, ANNA, BEN)))
    assert [(letter.receivers, letter.message["To"]) for letter in post.letters] == [((ANNA,), ANNA), ((BEN,), BEN)]
    assert {each.state for each in house.deliveries()} == {DeliveryState.SENT}
    assert len({letter.message["Message-ID"] for letter in post.letters}) == 2


async def test_a_receiver_whom_the_server_does_not_know_keeps_nobody_else_from_reading(
    house: House, wire: HttpServer
) -> None:
    with SmtpServer(says=Moody("550 5.1.1 no such user here")) as post:
        await ring(house, wire, config(wire, mailbox(post, ANNA, BEN)))
        await house.after(hours=3)
        assert [letter.receivers for letter in post.letters] == [(BEN,)]
    told = by_receiver(house)
    assert (told[ANNA].state, told[ANNA].attempts) == (DeliveryState.UNDELIVERED, 1)
    assert told[ANNA].reason == "server answered 550 5.1.1"
    assert told[BEN].state is DeliveryState.SENT


async def test_a_mailbox_that_is_full_for_now_gets_its_letter_later_and_only_once(
    house: House, wire: HttpServer
) -> None:
    with SmtpServer(says=Moody("452 4.2.2 mailbox full", "250 OK", "452 4.2.2 mailbox full", "250 OK")) as post:
        await ring(house, wire, config(wire, mailbox(post, ANNA, BEN)))
        told = by_receiver(house)
        assert (told[ANNA].state, told[BEN].state) == (DeliveryState.QUEUED, DeliveryState.SENT)
        assert told[ANNA].reason == "server answered 452 4.2.2"
        await house.after(seconds=5)
        await house.after(seconds=10)
        assert [letter.receivers for letter in post.letters] == [(BEN,), (ANNA,)]
    assert by_receiver(house)[ANNA].attempts == 3


async def test_a_server_that_asks_to_come_back_later_gets_all_letters_in_order(house: House, wire: HttpServer) -> None:
    """421 is about the server, not the letter: one probe, and nobody is passed over meanwhile."""
    with SmtpServer(says=Moody("421 4.3.2 shutting down")) as post:
        await ring(house, wire, config(wire, mailbox(post, ANNA, BEN)))
        assert [letter.receivers for letter in post.letters] == []
        assert [each.attempts for each in by_receiver(house).values()] == [1, 0]
        await house.after(seconds=5)
        assert [letter.receivers for letter in post.letters] == [(ANNA,), (BEN,)]


async def test_a_letter_says_what_people_and_mail_programs_need(
    house: House, wire: HttpServer, post: SmtpServer
) -> None:
    await ring(house, wire, config(wire, mailbox(post, ANNA), IN_THE_LEAD))
    (letter,) = post.letters
    message = letter.message
    assert letter.sender == "desk@bank.example"
    assert message["Subject"] == "metro: Tunnel floods at rush hour (Example Wire)"
    assert message["From"] == "desk@bank.example"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Id"] == "<metro.wirebell.bank.example>"
    text, html = part(message, "plain"), part(message, "html")
    assert text.startswith("Tunnel floods at rush hour\nExample Wire, seen Tue 24 Nov 09:05 CET\n")
    assert "https://wire.example/tunnel?line=2&stop=4" in text
    assert '"[Trains] wait in the [tunnel] for hours."' in text
    assert '<a href="https://wire.example/tunnel?line=2&amp;stop=4"' in html
    assert "<img" not in html
    assert "src=" not in html


async def test_letters_about_one_item_are_one_thread_and_those_about_another_are_not(
    house: House, wire: HttpServer, post: SmtpServer
) -> None:
    other = {"guid": "2", "title": "Tunnel opens again"}
    rules = 'rules.metro = "tunnel"\nrules.flood = "floods"'
    await ring(house, wire, config(wire, mailbox(post, ANNA), rules), ENTRY, other)
    threads = {str(each.message["Subject"]): str(each.message["References"]) for each in post.letters}
    metro, flood, reopened = (
        threads[subject]
        for subject in (
            "metro: Tunnel floods at rush hour (Example Wire)",
            "flood: Tunnel floods at rush hour (Example Wire)",
            "metro: Tunnel opens again (Example Wire)",
        )
    )
    assert metro == flood != reopened
    assert all(each.message["In-Reply-To"] == each.message["References"] for each in post.letters)


@pytest.mark.parametrize(
    ("priority", "importance"), [("low", None), ("normal", None), ("high", None), ("urgent", "high")]
)
async def test_only_an_urgent_alert_makes_a_letter_that_is_marked_important(
    house: House, wire: HttpServer, post: SmtpServer, priority: str, importance: str | None
) -> None:
    rules = f'rules.metro = {{ match = "tunnel", priority = "{priority}" }}'
    await ring(house, wire, config(wire, mailbox(post, ANNA), rules))
    assert post.letters[0].message["Importance"] == importance


async def test_a_hostile_headline_adds_no_header_and_no_markup(
    house: House, wire: HttpServer, post: SmtpServer
) -> None:
    hostile = {"guid": "1", "title": "Tunnel\r\nBcc: eve@evil.example\r\n\r\n&lt;script&gt;alert(1)&lt;/script&gt;"}
    await ring(house, wire, config(wire, mailbox(post, ANNA)), hostile)
    (letter,) = post.letters
    assert letter.receivers == (ANNA,)
    assert letter.message["Bcc"] is None
    assert "<script" not in part(letter.message, "html")


async def test_a_letter_to_people_who_read_russian_arrives_as_written(
    house: House, wire: HttpServer, post: SmtpServer
) -> None:
    entry = {"guid": "1", "title": "Туннель затопило в час пик", "description": "Поезда стоят в туннеле."}
    await ring(house, wire, config(wire, mailbox(post, ANNA), 'rules."метро" = "lead:туннель"'), entry)
    message = post.letters[0].message
    assert message["Subject"] == "метро: Туннель затопило в час пик (Example Wire)"
    assert '"Поезда стоят в [туннеле]."' in part(message, "plain")
    assert post.letters[0].raw.isascii()


# --- chats ---------------------------------------------------------------------------------------------------------

TOKEN = "a1b2c3d4e5f6g7h8i9j0k1l2"


def json_body(raw: bytes) -> dict[str, object]:
    loaded: dict[str, object] = json.loads(raw)
    return loaded


@pytest.mark.parametrize(
    ("url", "path", "read"),
    [
        ("mmost://127.0.0.1:{port}/" + TOKEN, f"/hooks/{TOKEN}", lambda body: body["text"]),
        ("gotify://127.0.0.1:{port}/" + TOKEN, "/message", lambda body: body["message"]),
        ("ntfy://127.0.0.1:{port}/metro", "/", lambda body: body["message"]),
        ("json://127.0.0.1:{port}/desk", "/desk", lambda body: body["message"]),
    ],
    ids=["mmost", "gotify", "ntfy", "json"],
)
async def test_a_chat_gets_headline_link_and_the_sentence(  # noqa: PLR0913, PLR0917
    house: House,
    wire: HttpServer,
    receiver: HttpServer,
    url: str,
    path: str,
    read: Callable[[Mapping[str, object]], object],
) -> None:
    receiver.reply(path, Reply(body=b"{}", headers={"Content-Type": "application/json"}))
    await ring(house, wire, config(wire, f'channels.chat = "{url.format(port=receiver.port)}"', IN_THE_LEAD))
    (request,) = receiver.received
    said = str(read(json_body(request.body)))
    assert request.method == "POST"
    assert "Tunnel floods at rush hour" in json.dumps(json_body(request.body))
    assert "https://wire.example/tunnel?line=2&stop=4" in said
    assert "wait in the" in said
    assert {each.state for each in house.deliveries()} == {DeliveryState.SENT}


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (400, DeliveryState.UNDELIVERED),
        (401, DeliveryState.UNDELIVERED),
        (404, DeliveryState.UNDELIVERED),
        (429, DeliveryState.QUEUED),
        (502, DeliveryState.QUEUED),
    ],
)
async def test_what_a_chat_answers_decides_whether_it_is_asked_again(
    house: House, wire: HttpServer, receiver: HttpServer, status: int, state: DeliveryState
) -> None:
    receiver.reply(f"/hooks/{TOKEN}", Reply(status=status), Reply(body=b"ok"))
    await ring(house, wire, config(wire, f'channels.chat = "mmost://127.0.0.1:{receiver.port}/{TOKEN}"'))
    (delivery,) = house.deliveries()
    assert delivery.state is state
    assert str(status) in delivery.reason
    assert TOKEN not in delivery.reason
    await house.after(hours=1)
    (later,) = house.deliveries()
    assert later.state is (DeliveryState.SENT if state is DeliveryState.QUEUED else state)


async def test_a_headline_summons_nobody_in_a_chat(house: House, wire: HttpServer, receiver: HttpServer) -> None:
    receiver.reply(f"/hooks/{TOKEN}", Reply(body=b"ok"))
    hostile = {"guid": "1", "title": "Tunnel @channel [win](https://evil.example) **free**"}
    await ring(house, wire, config(wire, f'channels.chat = "mmost://127.0.0.1:{receiver.port}/{TOKEN}"'), hostile)
    said = str(json_body(receiver.received[0].body)["text"])
    assert "@channel" not in said
    assert "](https://evil.example)" not in said


# --- several together ----------------------------------------------------------------------------------------------


async def test_the_screen_shows_what_matched_and_where_to_read_on(house: House, wire: HttpServer) -> None:
    await ring(house, wire, config(wire, 'channels.screen = "console:"', IN_THE_LEAD))
    line, *below = house.console.getvalue().splitlines()
    assert line == '09:05:00 metro rang: "Tunnel floods at rush hour" (Example Wire)'
    assert [each.strip() for each in below] == [
        '"[Trains] wait in the [tunnel] for hours."',
        "https://wire.example/tunnel?line=2&stop=4",
    ]


async def test_a_desk_with_everything_is_told_once_everywhere(
    house: House, wire: HttpServer, receiver: HttpServer, post: SmtpServer
) -> None:
    receiver.reply(f"/hooks/{TOKEN}", Reply(body=b"ok"))
    receiver.reply("/hook", Reply(status=204))
    channels = (
        mailbox(post, ANNA, BEN)
        + f"""
        channels.chat = {{ url = "mmost://127.0.0.1:{receiver.port}/{TOKEN}", default = true }}
        channels.archive = {{ webhook = "{receiver.url("/hook")}", default = true }}
        channels.screen = {{ url = "console:", default = true }}
        channels.spare = "console:"
    """
    )
    await ring(house, wire, config(wire, channels))
    await house.after(hours=1)
    told = sorted((each.channel, each.receiver, each.state, each.attempts) for each in house.deliveries())
    assert told == [
        ("archive", "", DeliveryState.SENT, 1),
        ("chat", "", DeliveryState.SENT, 1),
        ("mail", ANNA, DeliveryState.SENT, 1),
        ("mail", BEN, DeliveryState.SENT, 1),
        ("screen", "", DeliveryState.SENT, 1),
    ]
    assert (len(post.letters), len(receiver.received)) == (2, 2)
    assert house.console.getvalue().count("metro rang") == 1


async def test_a_mail_server_that_is_down_delays_no_chat(house: House, wire: HttpServer, receiver: HttpServer) -> None:
    with SmtpServer() as gone:
        channels = mailbox(gone, ANNA) + f'channels.archive = {{ webhook = "{receiver.url("/hook")}", default = true }}'
    receiver.reply("/hook", Reply(status=204))
    await ring(house, wire, config(wire, channels))
    states = {each.channel: (each.state, each.reason) for each in house.deliveries()}
    assert states["archive"][0] is DeliveryState.SENT
    assert states["mail"] == (DeliveryState.QUEUED, "could not connect: Connection refused")


# --- each channel in its own form ------------------------------------------------------------------------------------

#: What a chat that reads Markdown is sent of a headline with a star and a mention in it.
ESCAPED = "\\*floods\\* @\u200bchannel"
TOKEN = "3ccdd113474722377935511fc85d3dd4"


async def test_each_channel_is_told_in_its_own_form_and_words(
    house: House, wire: HttpServer, receiver: HttpServer, post: SmtpServer
) -> None:
    receiver.reply(f"/hooks/{TOKEN}", Reply())
    chat = f"mmost://127.0.0.1:{receiver.port}/{TOKEN}"
    chats = f"""
        channels.team = {{ url = "{chat}", default = true }}
        channels.plain = {{ url = "{chat}", default = true, format = "text" }}
        channels.own = {{ url = "{chat}", default = true, format = "markdown", template = "_$rule_: $headline $link" }}
    """.replace("$rule_", "${rule}_")
    letters = mailbox(post, ANNA, more=', format = "text", template = "$headline\\n$link\\n$id"')
    await ring(house, wire, config(wire, letters + chats), ENTRY | {"title": "Tunnel *floods* @channel"})
    (letter,) = post.letters
    alert = house.deliveries()[0].alert_id[:6]
    assert letter.message.get_content().splitlines() == ["Tunnel *floods* @channel", ENTRY["link"], f"a-{alert}"]
    texts = sorted(json.loads(request.body)["text"].split("\n")[0] for request in receiver.received)
    assert texts == [
        f"**Tunnel {ESCAPED}** (Example Wire, 09:05)",
        "Tunnel *floods* @\u200bchannel",
        f"_metro_: Tunnel {ESCAPED} <{ENTRY['link']}>",
    ]
