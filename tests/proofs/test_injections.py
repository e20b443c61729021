"""What a publisher or a server writes stays text: it runs nowhere, forges no line, steers no terminal, rings nobody."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from unicodedata import category

import pytest
from click.testing import CliRunner

from monitor import documents
from monitor.cli import wirebell
from monitor.store import feeds
from tests.conftest import ROOT, SHARED, needs_shared
from tests.daemon import PATIENCE
from tests.http_server import HttpServer, Received, Reply
from tests.injections import FORGED, PAYLOADS
from tests.proofs import proving
from tests.scenarios.house import House
from tests.smtp_server import Letter, SmtpServer

#: Importing all plugins of Apprise imports imghdr, which goes with Python 3.13.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a busy machine take its time with a document; the deadline is proved elsewhere."""
    monkeypatch.setattr(documents, "DEADLINE", timedelta(seconds=30))


#: What chats would ring or link for, if it stood there.
ACTS = {
    "discord": re.compile(r"@everyone|@here|(?<!\\)<[@#]&?\w|(?<!\\)\]\(http"),
    "slack": re.compile(r"<!\w|<@\w|<#\w|<https://evil[^>]*\|"),
    "mattermost": re.compile(r"@everyone|@here|@channel|@all|(?<!\\)\]\(http|(?<!\\)!\["),
    "telegram": re.compile(r"@everyone|@here|@channel|<(?:script|img|svg|iframe|style)"),
}
#: Joiners that languages need, and a hyphen that may be.
_HARMLESS = "\u200c\u200d\u00ad"
_TIMED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00 [A-Z]+ [\w.]+: |    |$")


def xml(text: str) -> str:
    """Return text as a document holds it; what UTF-8 cannot hold is written as a reference."""
    return re.sub("[\ud800-\udfff]", lambda found: f"&#x{ord(found[0]):X};", escape(text))


def hostile_feed(payloads: Iterable[str], *, title: str) -> bytes:
    """Return a feed that has each payload in all of an entry's fields."""
    date = format_datetime(datetime.now(UTC))
    items = "".join(
        f"<item><title>Glacier {xml(text)}</title><description>Glacier lead {xml(text)}</description>"
        f"<author>{xml(text)}</author><category>{xml(text)}</category>"
        f"<guid isPermaLink='false'>{n} {xml(text)}</guid><link>https://wire.example/{n}?{xml(text)}</link>"
        f"<pubDate>{date}</pubDate></item>"
        for n, text in enumerate(payloads)
    )
    document = f'<rss version="2.0"><channel><title>{xml(title)}</title>{items}</channel></rss>'
    return f'<?xml version="1.0" encoding="UTF-8"?>{document}'.encode()


def steers(text: str) -> list[str]:
    """Return the characters of a text that are neither printable nor an end of a line nor a tab."""
    bad = {
        letter for letter in set(text) if not letter.isprintable() and letter not in "\n\t" and letter not in _HARMLESS
    }
    return sorted(f"{letter!a} {category(letter)}" for letter in bad if category(letter) != "Zs")


class Tags(HTMLParser):
    """Notes what of a page could act."""

    HARMLESS = ("html", "head", "meta", "body", "div", "h1", "h2", "p", "a", "b", "mark", "blockquote", "br", "span")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.acting: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.HARMLESS:
            self.acting.append(tag)
        for name, value in attrs:
            href = name == "href" and not (value or "").startswith(("https://", "http://"))
            remote = name in {"src", "srcset", "background", "poster", "action", "http-equiv"}
            if href or remote or name.startswith("on") or "url(" in (value or "").lower():
                self.acting.append(f"{name}={value}")


def acting_parts(letter: Letter) -> list[str]:
    """Return what is wrong with a mail: more than one subject, hidden receivers, parts that act or are missing."""
    head = letter.raw.partition(b"\r\n\r\n")[0].decode("latin-1").lower()
    names = [line.partition(":")[0] for line in head.split("\r\n") if not line.startswith((" ", "\t"))]
    found = [f"{name} {names.count(name)} times" for name in set(names) if names.count(name) > 1]
    found += [name for name in names if name in {"bcc", "cc"}]
    found += [] if names.count("subject") == 1 and letter.receivers == ("anna@bank.example",) else ["another letter"]
    text, html = letter.message.get_body(("plain",)), letter.message.get_body(("html",))
    if text is None or html is None:
        return [*found, "a part is missing"]
    subject = str(letter.message["Subject"])
    return [
        *found,
        *steers(subject),
        *steers(text.get_content().replace("\r\n", "\n")),
        *Tags(html.get_content()).acting,
    ]


# --- the whole house --------------------------------------------------------------------------------------------------


@pytest.fixture
def mail() -> Iterator[SmtpServer]:
    with SmtpServer(says={"EHLO": "250 x"}) as server:
        yield server


def configure(house: House, wire: HttpServer, receiver: HttpServer, mail: SmtpServer, chats: dict[str, str]) -> None:
    more = "default = true, burst = false"
    services = "\n".join(f'{name} = {{ url = "{url}", {more} }}' for name, url in chats.items())
    house.configure(
        f"""timezone = "UTC"
        feeds.wire = {{ url = "{wire.url("/rss")}", interval = "5m", catch_up = "30d", full_text = "never" }}
        rules.road = "glacier"
        network.allow = ["127.0.0.0/8"]
        [channels]
        {services}
        hook = {{ webhook = "{receiver.reply("/hook", Reply(status=204))}", {more} }}
        screen = {{ url = "console:", {more} }}
        post = {{ to = "anna@bank.example", smtp = "127.0.0.1", port = {mail.port}, security = "none", {more} }}
        """
    )


def chats(receiver: HttpServer, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Return the addresses of chats whose servers are the receiver."""
    from apprise.plugins.discord import NotifyDiscord  # noqa: PLC0415
    from apprise.plugins.slack import NotifySlack  # noqa: PLC0415
    from apprise.plugins.telegram import NotifyTelegram  # noqa: PLC0415

    monkeypatch.setattr(NotifyDiscord, "notify_url", receiver.url("/discord"))
    monkeypatch.setattr(NotifySlack, "webhook_url", receiver.url("/slack"))
    monkeypatch.setattr(NotifyTelegram, "notify_url", receiver.url("/telegram"))
    receiver.reply("/discord/4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", Reply(status=204))
    receiver.reply("/slack/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", Reply(body=b"ok"))
    receiver.reply("/telegram123456789:abcdefg_hijklmnop/sendMessage", Reply(body=b'{"ok": true}'))
    receiver.reply("/hooks/3ccdd113474722377935511fc85d3dd4", Reply())
    return {
        "discord": "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
        "slack": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/",
        "telegram": "tgram://123456789:abcdefg_hijklmnop/12315544/",
        "mattermost": f"mmost://127.0.0.1:{receiver.port}/3ccdd113474722377935511fc85d3dd4",
    }


def strings(value: object) -> Iterator[str]:
    """Yield every text in a document, but for the addresses that are wirebell's own."""
    match value:
        case str():
            yield value
        case dict():
            for each in value.values():
                yield from strings(each)
        case list():
            for each in value:
                yield from strings(each)


def chat_bodies(received: Sequence[Received], name: str) -> list[str]:
    """Return the texts that a chat got."""
    paths = {"discord": "/discord", "slack": "/slack", "telegram": "/telegram", "mattermost": "/hooks"}
    got = [json.loads(request.body) for request in received if request.path.startswith(paths[name])]
    return [text for document in got for text in strings(document)]


def check_everywhere(house: House, receiver: HttpServer, mail: SmtpServer, count: int) -> None:
    """Check that of all that was sent nothing acts."""
    assert len(mail.letters) >= count
    assert [(n, bad) for n, letter in enumerate(mail.letters) if (bad := acting_parts(letter))] == []
    hooks = [json.loads(request.body) for request in receiver.asked("/hook")]
    alerts = [document for document in hooks if document["schema"] == "alert.v1"]
    assert len(alerts) == count
    assert {tuple(sorted(alert)) for alert in alerts} == {tuple(sorted(alerts[0]))}
    assert [alert for alert in alerts if not alert["link"].startswith("https://") and alert["link"]] == []
    for name, acts in ACTS.items():
        bodies = chat_bodies(receiver.received, name)
        assert len(bodies) >= count, name
        assert [(name, found[0], body[:300]) for body in bodies if (found := acts.search(body))] == []
    assert steers(house.console.getvalue()) == []
    assert [line for line in house.console.getvalue().split("\n") if "forged" in line[:12]] == []


async def test_no_payload_acts_in_any_message(
    house: House, wire: HttpServer, receiver: HttpServer, mail: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.reply("/rss", Reply(body=hostile_feed(PAYLOADS.values(), title="".join(PAYLOADS.values())[:3_000])))
    house.clock.at = datetime.now(UTC)
    configure(house, wire, receiver, mail, chats(receiver, monkeypatch))
    await house.work()
    check_everywhere(house, receiver, mail, len(PAYLOADS))
    headlines = "\n".join(json.loads(request.body).get("headline", "") for request in receiver.asked("/hook"))
    whole = ("braces", "format", "formula", "Markdown image", "SQL", "shell", "markup of the terminal")
    assert [name for name in whole if PAYLOADS[name] not in headlines] == []
    sent = len(mail.letters) + len(receiver.received)
    proving.figures("injected text", payloads=len(PAYLOADS), fields=7, messages=sent, acted=0)


@needs_shared
async def test_no_document_of_the_corpus_acts_in_any_message(
    house: House, wire: HttpServer, receiver: HttpServer, mail: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = sorted(path for kind in ("inj_*", "char_*") for path in (SHARED / "corpus" / "hostile").glob(f"{kind}.xml"))
    house.clock.at = datetime(2026, 11, 24, 8, 1, tzinfo=UTC)
    urls = {path.stem: wire.reply(f"/{path.name}", Reply(body=path.read_bytes())) for path in found}
    wire.reply("/rss", Reply(body=hostile_feed(["x"], title="x")))
    configure(house, wire, receiver, mail, chats(receiver, monkeypatch))
    written = (house.folder / "config.toml").read_text(encoding="utf-8")
    listed = "\n".join(
        f'feeds.{name} = {{ url = "{url}", catch_up = "30d", full_text = "never" }}' for name, url in urls.items()
    )
    house.configure(written.replace("rules.road", f'{listed}\nrules.any = "feed:inj OR feed:char"\nrules.road'))
    await house.work()
    rung = {json.loads(request.body).get("feed") for request in receiver.asked("/hook")}
    assert set(urls) - rung == set()
    letters = [(letter.message["Subject"], bad) for letter in mail.letters if (bad := acting_parts(letter))]
    assert letters == []
    for name, acts in ACTS.items():
        assert [(name, body[:300]) for body in chat_bodies(receiver.received, name) if acts.search(body)] == []
    assert steers(house.console.getvalue()) == []
    proving.figures("injected text of the corpus", documents=len(urls), rung=len(rung), acted=0)


# --- the log, and every command ---------------------------------------------------------------------------------------

_SERVERS = {
    "reason": Reply(raw=f"HTTP/1.1 500 {FORGED} \x1b[31m\x9b2J\r\nContent-Length: 0\r\n\r\n".encode("latin-1")),
    "type": Reply(headers={"Content-Type": "text/\x1b[31m\x9b2J<script>"}, body=b"no feed \x1b[2J"),
    "jump": Reply(status=301, headers={"Location": "http://\x1b[31m\x9b.example/"}),
    "scheme": Reply(status=301, headers={"Location": "ja\x9b31mva:alert(1)"}),
    "coding": Reply(headers={"Content-Encoding": "gz\x1b[31m\x9bip"}, body=b"x"),
    "head": Reply(raw=b"HTTP/1.1 200 OK\r\nX: \x00\x1b[31m\r\n\x1b[2J: y\r\n\r\n"),
    "status": Reply(raw=b"\x1b[2J\x1b[31mno http at all\r\n\r\n"),
    "xml": Reply(body=b"<rss><\x1b[31m\x9b></\xc2\x9b31m></rss>"),
    "path": Reply(status=302, headers={"Location": "/\x1b[31m%1b[2J\x9b"}),
}


def furnish(folder: Path, wire: HttpServer, receiver: HttpServer, mail: SmtpServer, log: str = "text") -> None:
    """Write a config with a feed of all payloads, servers that answer with payloads, and receivers that refuse.

    With a log for people the console is a channel too; it shares the screen with the log.
    """
    urls = {name: wire.reply(f"/{name}", reply) for name, reply in _SERVERS.items()}
    urls["wire"] = wire.reply("/rss", Reply(body=hostile_feed(PAYLOADS.values(), title=PAYLOADS["log line"])))
    listed = "\n".join(f'feeds.{name} = {{ url = "{url}", full_text = "never" }}' for name, url in urls.items())
    refused = Reply(raw=f"HTTP/1.1 403 {FORGED}\x1b[31m\r\nContent-Length: 9\r\n\r\n<script>\x1b".encode("latin-1"))
    answer = refused if log == "house" else Reply(status=204)
    alone = "fallback = false, burst = false"
    console = 'screen = { url = "console:", default = true, burst = false }' if log == "screen" else ""
    (folder / "config.toml").write_text(
        f"""timezone = "UTC"
{listed}
rules.road = "glacier"
rules.mailed = {{ match = "glacier", notify = "post" }}
network.allow = ["127.0.0.0/8"]
polling = {{ per_host = 20, catch_up = "1h" }}
log = {{ level = "debug", format = "{"json" if log == "json" else "text"}" }}
[channels]
hook = {{ webhook = "{receiver.reply("/hook", answer)}", default = true, {alone} }}
post = {{ to = "anna@bank.example", smtp = "127.0.0.1", port = {mail.port}, security = "none", {alone} }}
{console}
""",
        encoding="utf-8",
    )


@pytest.fixture
def refusing() -> Iterator[SmtpServer]:
    with SmtpServer(says={"RCPT": f"550 5.1.1 {FORGED} \x1b[31m <script>"}) as server:
        yield server


def run_once(folder: Path, *, journal: bool = False) -> str:
    """Return all that a daemon says that polls once; ``journal`` has it take its stream for the journal's."""
    with (folder / "said").open("wb") as stream:
        file = os.fstat(stream.fileno())
        told = {"JOURNAL_STREAM": f"{file.st_dev}:{file.st_ino}"} if journal else {}
        command = [sys.executable, "-m", "monitor", "run", "--once"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", **told}
        subprocess.run(
            command, cwd=folder, env=environment, stdout=stream, stderr=stream, timeout=4 * PATIENCE, check=False
        )
    return (folder / "said").read_bytes().decode("utf-8")


FORMS = ("text", "journal", "json")


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_no_payload_steers_or_forges_a_line_of_the_log(
    form: str, tmp_path: Path, wire: HttpServer, receiver: HttpServer, refusing: SmtpServer
) -> None:
    furnish(tmp_path, wire, receiver, refusing, log=form)
    said = run_once(tmp_path, journal=form == "journal")
    assert steers(said) == []
    lines = said.split("\n")
    assert sum("road matched" in line for line in lines) == len(PAYLOADS)
    match form:
        case "text":
            assert [line for line in lines if not _TIMED.match(line)] == []
        case "journal":
            assert [line for line in lines if not re.match(r"<[3467]>|$", line)] == []
            assert [line for line in lines if re.match(r"<\d>(<|\d{4}|kernel)", line)] == []
        case "json":
            logged = [json.loads(line) for line in lines if line]
            assert [each for each in logged if set(each) != {"time", "level", "logger", "message"}] == []
    assert [line for line in lines if line.startswith(FORGED)] == []
    proving.figures(f"log as {form}", lines=len(lines), forged=0)


COMMANDS = (
    ("status",),
    ("feeds", "list"),
    ("feeds", "test", "wire"),
    *(("feeds", "test", name) for name in _SERVERS),
    ("rules", "list"),
    ("rules", "try", "glacier"),
    ("channels", "list"),
    ("channels", "test", "post"),
    ("alerts", "list"),
)
_COLOURS = re.compile(r"\x1b\[[0-9;]*m|\r(?=\n)")


def on_a_terminal(folder: Path, *words: str) -> str:
    """Return what a command prints on a terminal that shows colours, without its own colours."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLUMNS": "200"}
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "monitor", "-c", str(folder / "config.toml"), *words]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL, env=environment) as process:
        os.close(theirs)
        shown, deadline = b"", time.monotonic() + PATIENCE
        while time.monotonic() < deadline and select.select([ours], [], [], PATIENCE)[0]:
            try:
                shown += os.read(ours, 1 << 16)
            except OSError:  # the other end is closed
                break
        process.wait(PATIENCE)
    os.close(ours)
    assert b"\x1b[" in shown
    return _COLOURS.sub("", shown.decode("utf-8"))


@pytest.mark.slow
def test_no_payload_steers_a_terminal_through_any_command(
    tmp_path: Path, wire: HttpServer, receiver: HttpServer, refusing: SmtpServer
) -> None:
    furnish(tmp_path, wire, receiver, refusing, log="screen")
    assert steers(run_once(tmp_path)) == []
    config = ["-c", str(tmp_path / "config.toml")]
    listed = CliRunner().invoke(wirebell, [*config, "alerts", "list", "--json"])
    ids = [alert["id"] for alert in json.loads(listed.output)["alerts"] if alert["schema"] == "alert.v1"]
    ids = ids[: proving.sized(len(ids), 20)]
    commands = [*COMMANDS, *(("alerts", "show", each) for each in ids)]
    for words in commands:
        for more in ((), ("--json",)):
            shown = CliRunner().invoke(wirebell, [*config, *words, *more])
            assert isinstance(shown.exception, SystemExit | None), (words, shown.output)
            assert (words, more, steers(shown.output)) == (words, more, [])
            if more and shown.exit_code != 2:
                json.loads(shown.output)
    seen = [("alerts", "list"), ("status",), ("rules", "try", "glacier"), *(("alerts", "show", each) for each in ids)]
    for words in seen[: proving.sized(len(seen), 5)]:
        assert (words, steers(on_a_terminal(tmp_path, *words))) == (words, [])
    proving.figures("terminal", alerts=len(ids), commands=len(commands) * 2, steered=0)


async def test_what_servers_say_is_kept_as_text_that_steers_nothing(
    house: House, wire: HttpServer, receiver: HttpServer, refusing: SmtpServer
) -> None:
    furnish(house.folder, wire, receiver, refusing, log="house")
    house.clock.at = datetime.now(UTC)
    house.configure((house.folder / "config.toml").read_text(encoding="utf-8"))
    await house.work()
    states = {each.name: each.reason for each in house.database.read_now(feeds.all_states)}
    assert [name for name in _SERVERS if not states[name]] == ["xml"]  # which can be read, and is empty
    assert [(name, steers(reason)) for name, reason in states.items() if steers(reason)] == []
    tried = house.database.read_now(lambda tx: tx.exec_driver_sql("SELECT reason FROM attempt").scalars().all())
    assert len(tried) > 1
    assert [reason for reason in tried if steers(reason) or "forged" in reason] == []
