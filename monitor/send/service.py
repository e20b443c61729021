"""Any service that Apprise knows; the only importer of Apprise, and only inside functions.

What Apprise logs holds tokens: of its records the status is kept, or one warning without any string of the address.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from monitor.alert import Failed, Outcome, Sent, Unknown
from monitor.channel import Message, Service
from monitor.render import Manner, best, clean, inert, short, takes
from monitor.send import mail, records
from monitor.send.outcome import CONNECT, READ, channel_fault, strings, struck
from monitor.sheet import Form

if TYPE_CHECKING:  # imported where it is used: 0.8 s and 37 MiB that `check` and `--help` need not pay
    from apprise import Apprise, AppriseResult, NotifyBase, NotifyFormat

#: Services whose success only means that the message was handed over.
_UNCONFIRMED = {"irc", "ircs", "xmpp", "xmpps"}
#: Brokers, which confirm only what is published with a quality of service above 0.
_BROKERS = {"mqtt", "mqtts"}
#: Services that put a title above the body as its first line, where it says the same.
_UNTITLED = {"matrix", "matrixs"}
#: Services whose title is a topic of many messages.
_TOPICS = {"zulip"}
_MAIL_SCHEMES = {"mailto", "mailtos"}


def _open(url: str) -> Apprise:
    _keep_secrets_out_of_logs()
    from apprise import Apprise, AppriseAsset  # noqa: PLC0415

    asset = AppriseAsset(
        app_id="wirebell",
        app_desc="wirebell",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        image_path_mask="",
        http_redirects=False,
        async_mode=False,
        service_timeout=0,  # else a pool that all channels share: one that hangs would starve the others
    )
    bell = Apprise(asset=asset)
    bell.add(url)
    return bell


def _keep_secrets_out_of_logs() -> None:
    """Have Apprise's records reach our capture only: 9 of 14 services log their token, urllib3 the whole path."""
    logger = logging.getLogger("apprise")
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    for name in ("urllib3", "requests", "requests_oauthlib", "oauthlib"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _goes_on(last_io: object = None, wait: object = None) -> None:
    """Stand in for a wait of Apprise's."""


class ServiceSender:
    """Sends through Apprise: one object with one service, in the caller's thread, without retries or pauses."""

    def __init__(self, target: Service, limit: float, form: Form | None = None) -> None:
        self._url, self._limit, self._form = target.url, limit, form
        self._scheme = urlsplit(target.url).scheme.lower()
        self._bell = _open(target.url)
        for service in self._services():
            self._prepare(service)

    def _services(self) -> list[NotifyBase]:
        return list(self._bell)

    def _prepare(self, service: NotifyBase) -> None:
        # The outbox sets the pace. Apprise would sleep up to 5.5 s before a message, and here as long as a service asks
        # for after one, in a thread that nobody can end: a Matrix homeserver asked for 323 s.
        service.request_rate_per_sec = 0
        service.throttle = _goes_on  # type: ignore[method-assign]
        if "rto=" not in self._url:
            service.socket_read_timeout = min(READ, self._limit)
        if "cto=" not in self._url:
            service.socket_connect_timeout = min(CONNECT, self._limit)

    def send(self, message: Message) -> Outcome:
        """Send the message in a form that is the service's own, so that Apprise need not guess what is meant."""
        from apprise import NotifyType  # noqa: PLC0415

        if self._scheme in _MAIL_SCHEMES:
            self._address_mail(message)
        service = next(iter(self._services()), None)
        if service is None:
            return channel_fault("the address is not one that can be used", permanent=True)
        title = _title(service, self._scheme, message)
        shape, manner = _manner(service, self._scheme, self._form, len(title))
        result = self._bell.notify(
            body=manner.write(message),
            title=title,
            body_format=shape,
            notify_type=NotifyType.WARNING if message.urgent else NotifyType.INFO,
            log_level=logging.DEBUG,
        )
        return self._outcome(result)

    def _address_mail(self, message: Message) -> None:
        """Make the mail service anew with the headers of this message; it takes them no other way (3 ms)."""
        parts = _parts(self._url)
        ours = mail.headers(message, str(parts.get("host") or "localhost"))
        theirs = parts.get("headers")
        parts["headers"] = (theirs if isinstance(theirs, dict) else {}) | ours
        self._bell.clear()
        self._bell.add(parts)
        for service in self._services():
            self._prepare(service)

    def _confirms(self) -> bool:
        """Return whether a success means that the service has the message, or only that it was written to a socket."""
        acknowledged = self._scheme in _BROKERS and re.search(r"[?&]qos=[12]\b", self._url)
        return bool(acknowledged) or self._scheme not in _UNCONFIRMED | _BROKERS

    def _outcome(self, result: AppriseResult) -> Outcome:
        from apprise import AppriseResultStatus  # noqa: PLC0415

        if result:
            return Sent(detail="" if self._confirms() else "handed over, not confirmed")
        if result.status is AppriseResultStatus.TIMEOUT:
            return Unknown(reason="no answer in time")
        logs = [(entry.level, entry.message) for entry in result.logs()]
        outcome = records.told(logs)
        if isinstance(outcome, Failed):
            return replace(outcome, said=_struck(outcome.said, self._url))
        warned = [line for level, line in logs if level not in records.QUIET]
        return outcome or channel_fault(f"not delivered: {_scrubbed(warned, self._url)}")


def _manner(service: NotifyBase, scheme: str, asked: Form | None, title: int) -> tuple[NotifyFormat, Manner]:
    """Return what Apprise is told of a body, and how it is written; a format in the address comes before ours."""
    from apprise import NotifyFormat  # noqa: PLC0415

    forms = _forms(service)
    override = getattr(service, "_format_override", None)
    form = Form(override.value) if override is not None else asked or best(scheme, forms)
    shape = service.resolve_format(NotifyFormat(form.value))
    written = form if form in takes(scheme, forms) else Form(shape.value)

    def sent(body: str) -> str:
        return str(service.dialect_convert(body, shape))

    return shape, Manner(scheme=scheme, form=written, limit=service.body_maxlen - title, sent=sent)


def _forms(service: NotifyBase) -> tuple[Form, ...]:
    return tuple(Form(each.value) for each in service._formats())  # noqa: SLF001 - there is no other way to ask


def _title(service: NotifyBase, scheme: str, message: Message) -> str:
    """Return the title for services that show one apart; elsewhere the body says it all, and better.

    Zulip gathers messages under theirs: one for each rule, rather than for each message.
    """
    if service.title_maxlen <= 0 or service.overflow_amalgamate_title or scheme in _UNTITLED:
        return ""
    words = message.topic if scheme in _TOPICS else message.subject
    return short(inert(words), service.title_maxlen)


def _scrubbed(lines: Iterable[str], url: str) -> str:
    """Return the last of the lines without any string of the address."""
    return _struck(clean(next(reversed(list(lines)), "no reason given")), url)


def _struck(text: str, url: str) -> str:
    """Return the text without any string of the address but its scheme."""
    return struck(text, strings([url, *_strings(_parts(url))]) - {urlsplit(url).scheme})


def _parts(url: str) -> dict[str, object]:
    from apprise.plugins import url_to_dict  # noqa: PLC0415

    parts: dict[str, object] | None = url_to_dict(url)  # type: ignore[no-untyped-call]
    return parts or {}


def _strings(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for each in value.values():  # keys are the plugin's own words, or pieces of the address
                yield from _strings(each)
        case list() | tuple() | set():
            for each in value:
                yield from _strings(each)
        case _:  # ports, switches, None
            pass


class _Warnings(logging.Handler):
    """Keeps what Apprise warns of in this thread."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._thread = threading.get_ident()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.lines.append(record.getMessage())


def faults(url: str, form: Form | None = None) -> Iterator[str]:
    """Yield why the address is not one service with one receiver whose outcome can be known, or takes no such form."""
    scheme = urlsplit(url).scheme.lower() if "://" in url else ""
    warnings = _Warnings()
    logger = logging.getLogger("apprise")
    logger.addHandler(warnings)
    try:
        services: list[NotifyBase] = list(_open(url))
    finally:
        logger.removeHandler(warnings)
    if not services and (unknown := _unknown(scheme)):
        yield unknown
    elif warnings.lines or not services:
        said = re.sub(r"\s*\([^)]*\)", "", _scrubbed(warnings.lines[:1], url))  # values stand in brackets
        yield f"the address is not one that {scheme}:// takes: {said}"
    if len(services) > 1:
        yield f"the address names {len(services)} services; give each a channel of its own"
    for service in services:
        yield from _shape_faults(service, url)
        known = takes(scheme, _forms(service))
        if form is not None and form not in known:
            yield f'format = "{form}" is not one that {scheme}:// takes; it takes {" and ".join(known)}'


def _unknown(scheme: str) -> str | None:
    """Return what is wrong with a scheme that no service has, or not here; None where one has it."""
    from apprise.manager_plugins import NotificationManager  # noqa: PLC0415

    plugins = NotificationManager()  # type: ignore[no-untyped-call]
    if not scheme:
        return "the address has no scheme, such as the slack:// of Slack"
    if scheme in plugins:
        return None if plugins[scheme].enabled else _lacking(scheme, plugins[scheme])
    if scheme in {"http", "https"}:
        return 'no service is known by this web address; for a receiver of JSON write webhook = "…" in place of url'
    near = get_close_matches(scheme, plugins.schemas(), n=1)  # type: ignore[no-untyped-call]
    return f"no service is called {scheme}://" + (f"; did you mean {near[0]}://?" if near else "")


def _lacking(scheme: str, plugin: type[NotifyBase]) -> str:
    needed = plugin.requirements.get("packages_required") or []
    packages = ", ".join([needed] if isinstance(needed, str) else needed)
    return f"{scheme}:// does not work on this machine" + (f"; it needs {packages}" if packages else "")


def _shape_faults(service: NotifyBase, url: str) -> Iterator[str]:
    query = {part.partition("=")[0].lower() for part in urlsplit(url).query.split("&")}
    for key in ("optional", "retry"):
        if key in query:
            yield f"{key}= in the address would hide what fails; leave it out, wirebell itself tries again"
    if len(service) > 1 and "retry" not in query:  # retries are counted as receivers
        yield f"the address names {len(service)} receivers; give each a channel of its own"
    if any(str(room).startswith("#") for room in getattr(service, "rooms", ())):
        yield "a Matrix #alias that is mistyped becomes a new room; name the room by its id, !…:server"
