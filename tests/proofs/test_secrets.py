"""No secret of the config is ever shown, logged or sent: neither where all works, nor where all fails."""

from __future__ import annotations

import asyncio
import logging
import signal
import sqlite3
import traceback
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.cli import logs, wirebell
from monitor.send import SenderError
from tests.daemon import Daemon
from tests.http_server import HttpServer, Reply
from tests.proofs import proving
from tests.scenarios.house import House, rss
from tests.smtp_server import SmtpServer

HOOK, KEY = "canaryhook7f3a9c51e2b8", "canarykey20d4f6a81c93e5"
ADDRESS, PASSWORD = "canaryaddress5b1e7d90c2", "canarypassword8c46f2a0"
HEADER, TOKEN = "canaryheader3c7ae1904d", "canarytoken94f0b2d6e8a1"
COOKIE, LOGIN = "canarycookie6a08d3b7f2", "canarylogin1f5c9e2a70"
SECRET = b64encode(KEY.encode()).decode()
BASIC = b64encode(f"anna:{LOGIN}".encode()).decode()
CANARIES = (
    *(HOOK, KEY, SECRET, ADDRESS, PASSWORD, b64encode(PASSWORD.encode()).decode().rstrip("=")),
    *(HEADER, TOKEN, COOKIE, LOGIN, BASIC),
)
#: What wirebell is told to show, besides what it says by itself.
COMMANDS = (
    ("status",),
    ("status", "--json"),
    ("feeds", "list"),
    ("feeds", "list", "--json"),
    ("feeds", "test", "wire"),
    ("feeds", "test", "closed", "--json"),
    ("feeds", "health"),
    ("feeds", "export"),
    ("rules", "list"),
    ("channels", "list"),
    ("channels", "list", "--json"),
    ("alerts", "list", "--json"),
    ("alerts", "show", "ID"),
    ("alerts", "show", "ID", "--json"),
    ("check",),
    ("channels", "test", "hook"),
    ("channels", "test", "hook", "--json"),
    ("channels", "test", "service"),
    ("channels", "test", "post", "--json"),
)

#: Importing all plugins of Apprise imports imghdr, which goes with Python 3.13.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Receivers that a config with secrets names."""

    http: HttpServer
    mail: SmtpServer


@contextmanager
def receivers(*, work: bool, at: datetime | None = None) -> Iterator[World]:
    """Receivers that take everything, or nothing, and a feed whose news are of that time."""
    login = ("bot", PASSWORD if work else "another")
    with HttpServer() as http, SmtpServer(login=login) as mail:
        http.reply("/rss", Reply(body=rss([{"guid": "1", "title": "Glacier road closed"}], at=at or datetime.now(UTC))))
        http.reply("/closed", Reply(headers={"Content-Encoding": f"{TOKEN} {COOKIE} {HEADER}"}))
        for path in (f"/hook/{HOOK}?token={HOOK}", f"/{ADDRESS}", f"/{ADDRESS}/"):
            http.reply(path, Reply() if work else Reply(status=403, body=path.encode()))
        yield World(http=http, mail=mail)


def write(folder: Path, world: World, *, inside: bool, failing: bool = True) -> None:
    """Write a config whose secrets stand in it, or, as far as they can, in files beside it."""
    values = {
        "webhook": world.http.url(f"/hook/{HOOK}?token={HOOK}"),
        "secret": f"whsec_{SECRET}",
        "url": f"json://someone:{PASSWORD}@127.0.0.1:{world.http.port}/{ADDRESS}",
        "password": PASSWORD,
    }
    given = {key: f'{key} = "{value}"' for key, value in values.items()}
    given |= {
        "headers": f'headers = {{ X-Key = "{HEADER}" }}',
        "cookies": f'cookies = {{ session = "{COOKIE}" }}',
        "login": f'auth = {{ user = "anna", password = "{LOGIN}" }}',
        "token": f'auth = {{ token = "{TOKEN}" }}',
    }
    if not inside:
        values |= {"headers": f"X-Key: {HEADER}", "cookies": f"session={COOKIE}", "login": LOGIN, "token": TOKEN}
        for key, value in values.items():
            (folder / key).write_text(value, encoding="utf-8")
            (folder / key).chmod(0o600)
            given[key] = f'{key}_file = "{key}"'
        given["login"] = 'auth = { user = "anna", password_file = "login" }'
        given["token"] = 'auth = { token_file = "token" }'
    closed = ", ".join((given["token"], given["headers"], given["cookies"]))
    (folder / "config.toml").write_text(
        f"""timezone = "UTC"
feeds.wire = {{ url = "{world.http.url("/rss")}", interval = "1s", {given["login"]} }}
feeds.closed = {{ url = "{world.http.url("/closed")}", enabled = {str(failing).lower()}, {closed} }}
rules.road = "glacier"
polling = {{ min_interval = "1s", catch_up = "1h" }}
network.allow = ["127.0.0.0/8"]
log.level = "debug"
[channels]
hook = {{ {given["webhook"]}, {given["secret"]}, default = true }}
service = {{ {given["url"]}, default = true }}
[channels.post]
to = "anna@bank.example"
from = "bell@bank.example"
smtp = "127.0.0.1"
port = {world.mail.port}
security = "none"
user = "bot"
{given["password"]}
default = true
""",
        encoding="utf-8",
    )


def leaks(said: str | bytes) -> list[str]:
    """Return the secrets that stand in what was said."""
    text = said if isinstance(said, str) else said.decode("latin-1")
    return [canary for canary in CANARIES if canary in text]


def rows(database: Path) -> Iterator[tuple[str, str]]:
    """Yield every value of every table but the configs', with the table's name."""
    with closing(sqlite3.connect(database)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            if table != "config":
                yield from ((table, repr(row)) for row in db.execute(f'SELECT * FROM "{table}"'))  # noqa: S608


def show(folder: Path, *words: str) -> str:
    """Return what a command prints."""
    result = CliRunner().invoke(wirebell, ["-c", str(folder / "config.toml"), *words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result.output


def family(number: int) -> list[int]:
    """Return the numbers of a process and of all below it."""
    children = Path(f"/proc/{number}/task").glob("*/children")
    below = [int(child) for each in children for child in each.read_text(encoding="ascii").split()]
    return [number, *(one for child in below for one in family(child))]


def ps(number: int) -> bytes:
    """Return what the system shows of a process: its command line and environment."""
    return b"".join(Path(f"/proc/{number}/{part}").read_bytes() for part in ("cmdline", "environ"))


def look_for_leaks(folder: Path, world: World) -> None:
    """Run the daemon and every command that shows something, and look at all that comes of it."""
    with Daemon(folder, "--once") as daemon:
        daemon.end()
        assert "road -> service" in daemon.said
        assert leaks(daemon.said) == []
    with closing(sqlite3.connect(folder / "wirebell.db")) as db:
        ((alert,),) = db.execute("SELECT id FROM alert WHERE rule = 'road'")
        ((attempts,),) = db.execute(
            "SELECT count(*) FROM attempt JOIN delivery ON id = delivery_id WHERE alert_id = ?", (alert,)
        )
    assert attempts == 3
    for words in COMMANDS:
        shown = show(folder, *(alert if word == "ID" else word for word in words))
        assert (words, leaks(shown)) == (words, [])
        assert shown
    assert [(table, row) for table, row in rows(folder / "wirebell.db") if leaks(row)] == []
    sent = [request.body for request in world.http.received] + [letter.raw for letter in world.mail.letters]
    assert [body for body in sent if leaks(body)] == []


@pytest.mark.slow
def test_secrets_in_files_are_kept_nowhere_else_and_never_shown(tmp_path: Path) -> None:
    with receivers(work=True) as world:
        write(tmp_path, world, inside=False)
        look_for_leaks(tmp_path, world)
        assert world.mail.letters
    raw = b"".join(path.read_bytes() for path in tmp_path.glob("wirebell.db*"))
    assert leaks(raw) == []


@pytest.mark.slow
def test_no_process_of_the_daemon_shows_a_secret_in_its_command_line_or_environment(tmp_path: Path) -> None:
    with receivers(work=True) as world:
        write(tmp_path, world, inside=False)
        with Daemon(tmp_path) as daemon:
            daemon.wait_until_it_says("road -> service")
            shown = {number: ps(number) for number in family(daemon.number)}
            daemon.tell(signal.SIGTERM)
            assert daemon.end() == 0
    assert len(shown) > 1  # the workers that read documents
    assert any(b"monitor" in each for each in shown.values())
    assert {number: leaks(each) for number, each in shown.items() if leaks(each)} == {}
    proving.figures("secrets", canaries=len(CANARIES), processes=len(shown), leaks=0)


@pytest.mark.slow
def test_secrets_in_the_config_stay_there_even_where_everything_fails(tmp_path: Path) -> None:
    with receivers(work=False) as world:
        write(tmp_path, world, inside=True)
        look_for_leaks(tmp_path, world)


#: Functions of packages that a message passes through, by the channel that is told with them.
BREAKS = {
    "hook": "http.client.HTTPConnection.request",
    "post": "smtplib.SMTP.rcpt",
    "service": "apprise.Apprise.notify",
}


@pytest.mark.parametrize("channel", BREAKS)
async def test_a_fault_on_the_way_to_a_channel_is_logged_with_its_place_and_without_its_words(
    house: House, channel: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_off(*_: object, **__: object) -> None:
        message = f"cannot use https://{HOOK}/{ADDRESS} with {KEY}"
        raise RuntimeError(message) from LookupError(PASSWORD)

    with receivers(work=True, at=house.clock()) as world:
        write(house.folder, world, inside=False, failing=False)
        monkeypatch.setattr(BREAKS[channel], break_off)
        house.configure((house.folder / "config.toml").read_text(encoding="utf-8"))
        await house.work()
        command = ["-c", str(house.folder / "config.toml"), "channels", "test", channel]
        result = await asyncio.to_thread(CliRunner().invoke, wirebell, command)
    (told,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    for form in (logs._Lines(), logs._Journal(), logs._Json()):
        said = form.format(told)
        assert "RuntimeError at test_secrets.py:" in said
        assert "Traceback" in said
        assert "break_off" in said
        assert leaks(said) == []
    assert isinstance(result.exception, SenderError)
    assert leaks("".join(traceback.format_exception(result.exception)) + result.output) == []


#: Faults in the very lines that hold a secret.
BROKEN = (
    f'hook = {{ webhook = "htp://127.0.0.1/{HOOK}" }}',
    f'hook = {{ webhook = "https://hooks.example:99999/{HOOK}" }}',
    f'hook = {{ webhook = "https://hooks.example/ {HOOK}" }}',
    f'hook = {{ webhook = ["https://hooks.example/{HOOK}"] }}',
    f'hook = {{ webhok = "https://hooks.example/{HOOK}" }}',
    f'hook = {{ webhook = "https://hooks.example/x", secret = "not base64! {KEY}" }}',
    f'hook = {{ webhook = "https://hooks.example/x", secret = ["{KEY}"] }}',
    f'hook = {{ webhook = "https://hooks.example/x", url = "json://hooks.example/{ADDRESS}" }}',
    f'hook = "nosuchservice://{ADDRESS}"',
    f'hook = "{ADDRESS}"',
    f'hook = "tgram://{ADDRESS}"',
    f'hook = "json://[{ADDRESS}"',
    f'hook = "json://user:{PASSWORD}@hooks.example/?retry={ADDRESS}"',
    f'hook = "json://hooks.example/{ADDRESS} json://hooks.example/"',
    f'hook = {{ to = "a@b.example", smtp = "smtp.b.example", password = "{PASSWORD}" }}',
    f'hook = {{ to = "a@b.example", smtp = "smtp.b.example", user = "u", password = ["{PASSWORD}"] }}',
    f'hook = {{ to = "a@b.example", smtp = "smtp.b.example", user = "u", passwd = "{PASSWORD}" }}',
    f'hook = {{ webhook = "https://hooks.example/{HOOK} }}',
    f'hook = {{ webhook = "https://hooks.example/\\q{HOOK}" }}',
    f"hook = {{ webhook = https://hooks.example/{HOOK} }}",
)


@pytest.mark.parametrize("line", BROKEN)
def test_no_fault_of_a_config_shows_the_secret_that_it_is_about(tmp_path: Path, line: str) -> None:
    (tmp_path / "config.toml").write_text(
        f'feeds.wire = "https://wire.example/rss"\nrules.road = "glacier"\n[channels]\n{line}\n', encoding="utf-8"
    )
    result = CliRunner().invoke(wirebell, ["-c", str(tmp_path / "config.toml"), "check"])
    assert result.exit_code != 0, result.output
    assert "config.toml" in result.output
    assert leaks(result.output) == []
