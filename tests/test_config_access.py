"""What lets a feed in is kept outside of the config, and is told by nobody."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from monitor import config
from monitor.config import Config
from monitor.exchange import ANYBODY, Access, Proxy

URL = "https://wire.example/rss"
BASIC = b64encode(b"anna:hunter2").decode()
REST = 'rules.nato = "NATO security guarantees"\nchannels.desk = "console:"\n'
CA = trustme.CA().cert_pem.bytes().decode()

Load = Callable[..., Config]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Return what loads a config whose feed has the given keys; further texts are files beside it."""

    def loaded(keys: str, *, more: str = "", url: str = URL, env: dict[str, str] | None = None, **texts: str) -> Config:
        for name, text in texts.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
            (tmp_path / name).chmod(0o600)
        feed = ", ".join(filter(None, [f'url = "{url}"', keys]))
        (tmp_path / "config.toml").write_text(f"feeds.wire = {{ {feed} }}\n{REST}{more}", encoding="utf-8")
        return config.load(tmp_path / "config.toml", environment=env or {})

    return loaded


def access(loaded: Config) -> Access:
    return loaded.feeds[0].access


def test_a_feed_is_let_in_as_anybody_unless_it_says_more(load: Load) -> None:
    loaded = load("")
    assert (access(loaded), loaded.way) == (Access(url=URL), ANYBODY)


@pytest.mark.parametrize(
    ("keys", "headers", "secrets"),
    [
        ('headers = { Accept-Language = "de" }', {"Accept-Language": "de"}, ()),
        ('headers = { X-Edition = "worldwide" }', {"X-Edition": "worldwide"}, ("worldwide",)),
        ('headers_file = "secret"', {"X-Api-Key": "hunter2", "X-Two": "a:b"}, ("hunter2", "a:b")),
        ('headers = { X-One = "1" }, headers_env = "H"', {"X-One": "1", "X-Key": "hunter2"}, ("hunter2",)),
        ('cookies = { a = "1", b = "2" }', {"Cookie": "a=1; b=2"}, ("a=1; b=2",)),
        (
            'cookies = { a = "1" }, cookies_env = "C"',
            {"Cookie": "a=1; sid=hunter2; b=2"},
            ("hunter2", "2", "a=1; sid=hunter2; b=2"),
        ),
        (
            'auth = { user = "anna", password_env = "P" }',
            {"Authorization": f"Basic {BASIC}"},
            ("hunter2", BASIC, f"Basic {BASIC}"),
        ),
        ('auth = { token_env = "P" }', {"Authorization": "Bearer hunter2"}, ("hunter2", "Bearer hunter2")),
        ('headers_env = "T"', {"Authorization": "Token hunter2"}, ("Token hunter2",)),
    ],
)
def test_what_lets_a_feed_in_becomes_headers(
    load: Load, keys: str, headers: dict[str, str], secrets: tuple[str, ...]
) -> None:
    env = {"H": "X-Key:hunter2", "C": "sid=hunter2; b=2", "P": "hunter2", "T": "Authorization: Token hunter2"}
    found = access(load(keys, env=env, secret="X-Api-Key: hunter2\n\nX-Two: a:b\n"))
    assert (dict(found.headers), found.secrets, found.url) == (headers, secrets, URL)


def test_a_feed_may_be_asked_under_another_name(load: Load) -> None:
    assert access(load('user_agent = "Newsroom/2"')).user_agent == "Newsroom/2"


def test_an_authority_is_read_from_a_file_that_is_watched(load: Load, tmp_path: Path) -> None:
    loaded = load('ca = "intranet"', intranet=CA)
    assert access(loaded).authorities == CA
    assert tmp_path / "intranet" in loaded.files


# --- proxies -----------------------------------------------------------------------------------------------------

OWN, ALL = Proxy(url="http://own.example:3128"), Proxy(url="https://all.example")


@pytest.mark.parametrize(
    ("keys", "proxy"),
    [("", ALL), ('proxy = "http://own.example:3128"', OWN), ('proxy_env = "OWN"', OWN), ("proxy = false", None)],
)
def test_a_feed_goes_through_its_own_proxy_else_through_that_of_all(load: Load, keys: str, proxy: Proxy | None) -> None:
    loaded = load(keys, more='network.proxy = "https://all.example/"', env={"OWN": "http://own.example:3128"})
    assert access(loaded).proxy == proxy
    assert loaded.way == Access(proxy=ALL)


def test_the_login_of_a_proxy_stands_apart_from_its_address(load: Load) -> None:
    loaded = load("", more='network.proxy_file = "secret"', secret="http://bot:hunter%402@p.example:3128")
    assert loaded.way.proxy == Proxy(url="http://p.example:3128", login=("bot", "hunter@2"))
    assert loaded.way.secrets == access(loaded).secrets == ("hunter@2", b64encode(b"bot:hunter@2").decode())


def test_the_login_of_one_proxy_is_none_of_another(load: Load) -> None:
    loaded = load(
        'proxy = "http://own.example:3128"', more='network.proxy_env = "P"', env={"P": "http://a:b@all.example"}
    )
    assert access(loaded) == Access(url=URL, proxy=OWN)


# --- secrets -----------------------------------------------------------------------------------------------------

INSIDE = "a secret stands in the config itself; move it to a file, and name that as"


@pytest.mark.parametrize(
    ("keys", "key", "said"),
    [
        ('headers = { X-Api-Key = "hunter2" }', "feeds.wire.headers.X-Api-Key", f"{INSIDE} headers_file"),
        ('cookies = { PHPSESSID = "hunter2" }', "feeds.wire.cookies.PHPSESSID", f"{INSIDE} cookies_file"),
        ('auth = { token = "hunter2" }', "feeds.wire.auth.token", f"{INSIDE} token_file"),
        ('auth = { user = "a", password = "hunter2" }', "feeds.wire.auth.password", f"{INSIDE} password_file"),
        ('proxy = "http://a:hunter2@p.example"', "feeds.wire.proxy", f"{INSIDE} proxy_file"),
    ],
)
def test_a_secret_in_the_config_is_warned_of_and_not_shown(load: Load, keys: str, key: str, said: str) -> None:
    loaded = load(keys)
    [warning] = loaded.warnings
    assert str(warning).endswith(f"config.toml:1: {key}: {said}")
    assert "hunter2" not in repr(loaded) + str(loaded.warnings)


def test_what_lets_in_over_an_open_line_is_warned_of(load: Load) -> None:
    loaded = load('auth = { token_env = "T" }', url="http://wire.example/rss", env={"T": "hunter2"})
    [warning] = loaded.warnings
    assert warning.message == "what lets it in goes over the network in clear"


def test_what_is_kept_of_a_config_holds_no_secret_from_outside(load: Load) -> None:
    keys = 'headers_file = "h", cookies_file = "c", auth = { token_file = "t" }, proxy_file = "p"'
    kept = {"h": "X-Key: hunter2", "c": "sid=hunter2", "t": "hunter2", "p": "http://a:hunter2@p.example"}
    loaded = load(keys, **kept)
    assert loaded.warnings == ()
    assert "hunter2" not in loaded.toml + repr(loaded)
    assert config.kept(loaded.toml, loaded.path, environment={}).feeds == loaded.feeds
    assert {path.name for path in loaded.files} == {"config.toml", "added.toml", *kept}
