"""What feeds are let in with, and the way to them, made from their tables."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import unquote, urlsplit

from monitor.config.check import Entry
from monitor.config.kinds import web_fault
from monitor.config.report import Report
from monitor.config.schema import AuthTable, FeedTable, NetworkTable
from monitor.config.secret import Secrets
from monitor.config.source import Place
from monitor.exchange import ANYBODY, Access, Proxy

#: A header's name and its value (RFC 9110, sections 5.1 and 5.5), and a cookie's value (RFC 6265, section 4.1).
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
_COOKIE = re.compile(r"[\x21-\x3a\x3c-\x7e]*")
#: Headers that say how an exchange goes, which is wirebell's own business, and those that have a key of their own.
_OURS = frozenset(
    {"accept-encoding", "connection", "content-length", "host", "if-modified-since", "if-none-match"}
    | {"proxy-authorization", "te", "transfer-encoding", "upgrade"}
)
_OWN_KEYS = {"cookie": "cookies", "user-agent": "user_agent"}
#: Names of what opens doors.
_OPENS = re.compile(r"auth|key|pass|secret|sess|token|\bsid\b", re.IGNORECASE)
#: A value of the config that is shorter is none that must not be repeated, and would be found in any word.
_WORTH_HIDING = 8
#: Keys of a feed that bear on how it is let in. Most feeds have none, and need no work.
_KEYS = frozenset(FeedTable.model_fields) & {
    *(f"{stem}{source}" for stem in ("headers", "cookies", "proxy") for source in ("", "_file", "_env")),
    *("auth", "user_agent", "ca"),
}
#: How pairs are parted in a file, what stands within one, and the form that people are told.
_SPLIT = {"headers": (r"\n", ":", "Name: value"), "cookies": (r"[;\n]", "=", "name=value")}
_PROXY = ("proxy", "proxy_file", "proxy_env")


class Accesses:
    """Makes what feeds are let in with. No message ever holds a secret."""

    def __init__(self, secrets: Secrets, report: Report) -> None:
        self._secrets, self._report = secrets, report

    def way(self, table: NetworkTable, place: Place) -> Access:
        """Return the way to all that names no other."""
        return self._through(table, place, ANYBODY)

    def of(self, entry: Entry[FeedTable], way: Access) -> Access:
        """Return what a feed is let in with, and the way to it."""
        table, place = entry.table, entry.place
        if not table.model_fields_set & _KEYS:
            return replace(way, url=table.url)
        way = ANYBODY if table.proxy is False else self._through(table, place, way)
        outside = {stem: self._outside(entry, stem) for stem in _SPLIT}
        headers, cookies = self._headers(entry, outside["headers"]), self._cookies(entry, outside["cookies"])
        proof, words = self._proof(entry, headers)
        told = headers | proof
        if cookies:
            told["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        long = (value for value in (*told.values(), *cookies.values()) if len(value) >= _WORTH_HIDING)
        hidden = (*way.secrets, *outside["headers"].values(), *outside["cookies"].values(), *words, *long)
        if (words or any(outside.values())) and urlsplit(table.url).scheme == "http":
            self._report.warn(place.at("url"), "what lets it in goes over the network in clear", 'write "https://"')
        return replace(
            way,
            url=table.url,
            headers=tuple(told.items()),
            secrets=tuple(dict.fromkeys(filter(None, hidden))),
            user_agent=self._user_agent(entry),
            authorities=self._authorities(entry),
        )

    # --- proxies -----------------------------------------------------------------------------------------------

    def _through(self, table: FeedTable | NetworkTable, place: Place, way: Access) -> Access:
        inside = table.proxy or None
        assert inside is not True  # noqa: S101 - its kind takes false alone
        url = self._secrets.take(place, "proxy", inside=inside, file=table.proxy_file, variable=table.proxy_env)
        if url is None:
            return way
        place = place.at(next(key for key in _PROXY if getattr(table, key)))
        if fault := web_fault(url):
            self._report.fault(place, *fault)
            return way
        parts = urlsplit(url)
        bare = parts._replace(netloc=parts.netloc.rpartition("@")[2], path="", query="", fragment="").geturl()
        if parts.username is None:
            return replace(way, proxy=Proxy(url=bare), secrets=())
        user, password = unquote(parts.username), unquote(parts.password or "")
        if inside:
            self._secrets.warn_of(place, "proxy")
        return replace(way, proxy=Proxy(url=bare, login=(user, password)), secrets=_words(user, password))

    # --- headers and cookies -----------------------------------------------------------------------------------

    def _outside(self, entry: Entry[FeedTable], stem: str) -> dict[str, str]:
        """Return the pairs that a file or the environment holds."""
        file, variable = getattr(entry.table, f"{stem}_file"), getattr(entry.table, f"{stem}_env")
        text = self._secrets.take(entry.place, stem, inside=None, file=file, variable=variable) or ""
        between, within, form = _SPLIT[stem]
        parts = [part.partition(within) for part in re.split(between, text) if part.strip()]
        if not all(mark for _, mark, _ in parts):
            place = entry.place.at(f"{stem}_file" if file else f"{stem}_env")
            self._report.fault(place, f"holds a part without {within!r}", f"write each as {form}")
        return {name.strip(): value.strip() for name, mark, value in parts if mark}

    def _headers(self, entry: Entry[FeedTable], outside: Mapping[str, str]) -> dict[str, str]:
        """Return the headers that are fine."""
        told: dict[str, str] = {}
        for place, name, value in self._named(entry, "headers", outside):
            if not _NAME.fullmatch(name):
                self._report.fault(place, "the name of a header cannot be used", "write such as Accept-Language")
            elif name.lower() in _OURS:
                self._report.fault(place, f"{name} is set by wirebell itself", "take it out")
            elif key := _OWN_KEYS.get(name.lower()):
                self._report.fault(place, f"{name} has a key of its own", f"write it as {key}")
            elif not _VALUE.fullmatch(value):
                self._report.fault(place, f"the value of {name} is none of a header", "write it in Latin, on one line")
            else:
                told[name] = value.strip()
        return told

    def _cookies(self, entry: Entry[FeedTable], outside: Mapping[str, str]) -> dict[str, str]:
        """Return the cookies that are fine."""
        told: dict[str, str] = {}
        for place, name, value in self._named(entry, "cookies", outside):
            if not _NAME.fullmatch(name):
                self._report.fault(place, "the name of a cookie cannot be used", "write it as the browser shows it")
            elif not _COOKIE.fullmatch(value):
                self._report.fault(
                    place, f"the value of {name} is none of a cookie", "write it as the browser shows it, without ;"
                )
            else:
                told[name] = value
        return told

    def _named(
        self, entry: Entry[FeedTable], stem: str, outside: Mapping[str, str]
    ) -> Iterator[tuple[Place, str, str]]:
        """Yield the pairs of the config and those that it names, each with the place that gives it."""
        for name, value in getattr(entry.table, stem).items():
            place = entry.place.at(stem, name)
            if _OPENS.search(name):
                self._secrets.warn_of(place, stem)
            yield place, name, value
        file = f"{stem}_file"
        place = entry.place.at(file if getattr(entry.table, file) else f"{stem}_env")
        yield from ((place, name, value) for name, value in outside.items())

    # --- logins ------------------------------------------------------------------------------------------------

    def _proof(self, entry: Entry[FeedTable], headers: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
        """Return the header that proves who asks, and the words that nobody may see."""
        table, place = entry.table.auth, entry.place.at("auth")
        password = self._take(table, place, "password")
        token = self._take(table, place, "token")
        if "auth" not in entry.spoilt:
            self._check_proof(table, place, headers)
        if table.user and password:
            words = _words(table.user, password)
            return {"Authorization": f"Basic {words[-1]}"}, words
        return ({"Authorization": f"Bearer {token}"}, (token,)) if token else ({}, ())

    def _take(self, table: AuthTable, place: Place, stem: str) -> str | None:
        inside = getattr(table, stem)
        if inside:
            self._secrets.warn_of(place.at(stem), stem)
        file, variable = getattr(table, f"{stem}_file"), getattr(table, f"{stem}_env")
        found = self._secrets.take(place, stem, inside=inside, file=file, variable=variable)
        if found and stem == "token" and not _VALUE.fullmatch(found):
            self._report.fault(place, "the token is none of a header", "write it in Latin, on one line")
            return None
        return found

    def _check_proof(self, table: AuthTable, place: Place, headers: Mapping[str, str]) -> None:
        given = [key for key in AuthTable.model_fields if getattr(table, key)]
        passwords = [key for key in given if key.startswith("password")]
        tokens = [key for key in given if key.startswith("token")]
        if table.user and ":" in table.user:
            self._report.fault(place.at("user"), "holds a colon", "HTTP's basic scheme knows no such user")
        if tokens and len(tokens) < len(given):
            self._report.fault(place.at(tokens[0]), "stands beside a user or a password", "keep the one or the other")
        elif table.user and not passwords:
            self._report.fault(place.at("user"), "has no password", "add password_file, or remove user")
        elif passwords and not table.user:
            self._report.fault(place.at(passwords[0]), "has no user", "add user")
        if given and "authorization" in map(str.lower, headers):
            self._report.fault(place, "stands beside a header Authorization", "keep one of the two")

    # --- the rest ----------------------------------------------------------------------------------------------

    def _user_agent(self, entry: Entry[FeedTable]) -> str | None:
        named = entry.table.user_agent
        if named and not _VALUE.fullmatch(named):
            self._report.fault(entry.place.at("user_agent"), "is no value of a header", "write Latin letters")
            return None
        return named

    def _authorities(self, entry: Entry[FeedTable]) -> str | None:
        """Return the certificates of the file that the feed names; it is watched."""
        if not entry.table.ca:
            return None
        import ssl  # noqa: PLC0415 - 5 ms that nearly no config needs

        place, path = entry.place.at("ca"), entry.place.beside(entry.table.ca)
        self._secrets.files.append(path)
        try:
            certificates = path.read_text(encoding="ascii")
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=certificates)
        except FileNotFoundError:
            self._report.fault(place, f"no such file: {path}", "name a file of certificates in PEM")
        except (ssl.SSLError, ValueError):  # ValueError: it is empty, or no text
            self._report.fault(place, f"{path} holds no certificate", "it begins with -----BEGIN CERTIFICATE-----")
        except OSError as error:
            self._report.fault(place, f"{path} cannot be read: {error.strerror}")
        else:
            return certificates
        return None


def _words(user: str, password: str) -> tuple[str, ...]:
    """Return the words that nobody may see of a login: the password, and both as the basic scheme has them."""
    return password, b64encode(f"{user}:{password}".encode()).decode()
