"""Services as they answer, each by its own documents: what a yes is, and what each kind of no means to us."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from monitor.alert import Failed, Fault, Outcome
from tests.http_server import Reply

TOKEN = "3ccdd113474722377935511fc85d3dd4"
#: Where a service would wait for somebody: five seconds there, seven here.
LATER = timedelta(seconds=7)


def answer(status: int, document: object, **headers: str) -> Reply:
    """Return a reply in JSON."""
    return Reply(
        status=status, body=json.dumps(document).encode(), headers={"Content-Type": "application/json"} | headers
    )


def plain(status: int, text: str, **headers: str) -> Reply:
    """Return a reply in plain text."""
    return Reply(status=status, body=text.encode(), headers=headers)


def channel(reason: str, *, permanent: bool, retry_after: timedelta | None = None) -> Failed:
    """Return a failure that is the channel's."""
    return Failed(reason=reason, fault=Fault.CHANNEL, permanent=permanent, retry_after=retry_after)


def letter(reason: str) -> Failed:
    """Return a failure that is the message's own."""
    return Failed(reason=reason, fault=Fault.MESSAGE, permanent=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service, played by a server of ours."""

    #: Its address; ``{host}`` is ours where it can be pointed at us.
    url: str
    #: Where it is posted to.
    path: str
    yes: Reply
    #: What that answer means, as the reference page says it.
    means: str
    #: What people read of a request.
    read: Callable[[dict[str, Any]], str]
    #: The host that is asked for where the service has one of its own; it is led to us.
    host: str = ""
    #: It reads HTML, and no Markdown.
    html: bool = False
    #: Each answer that means no, by what it is about, with what it means and what is told of it.
    noes: Mapping[str, tuple[Reply, Outcome, str]] = field(default_factory=dict)
    #: How often it is asked when it says that there is too much: Discord's plugin tries once more, at once.
    asked_again: int = 0


def _slack(body: dict[str, Any]) -> str:
    (attachment,) = body["attachments"]
    return f"{attachment['title']}\n{attachment['text']}"


def _card(body: dict[str, Any]) -> str:
    return "\n".join(block["text"] for block in body["attachments"][0]["content"]["body"])


def _key(*names: str) -> Callable[[dict[str, Any]], str]:
    return lambda body: "\n".join(body[name] for name in names)


_TOO_MANY = "server answered 429 (Too Many Requests)"

SERVICES: Mapping[str, Service] = {
    "slack by webhook": Service(
        url="slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/",
        host="hooks.slack.com",
        path="/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
        yes=plain(200, "ok"),
        means="`200`, and the body is `ok`",
        read=_slack,
        noes={
            "payload": (
                plain(400, "invalid_payload"),
                letter("server answered 400 (Bad Request): invalid_payload"),
                "invalid_payload",
            ),
            "gone": (
                plain(404, "no_service"),
                channel("server answered 404 (Not Found): no_service", permanent=True),
                "no_service",
            ),
            "too many": (
                plain(429, "rate_limited", **{"Retry-After": "30"}),
                channel(f"{_TOO_MANY}: rate_limited", permanent=False),
                "rate_limited",
            ),
            "not ok": (
                plain(200, "no"),
                channel("server answered 200 (OK), and did not take the message", permanent=False),
                "no",
            ),
        },
    ),
    "slack by bot": Service(
        url="slack://xoxb-1234-1234-abc124/%23general",
        host="slack.com",
        path="/api/chat.postMessage",
        yes=answer(200, {"ok": True, "ts": "1503435956.000247"}),
        means='`200`, and the body says `"ok": true`',
        read=_slack,
        noes={
            "no channel": (
                answer(200, {"ok": False, "error": "channel_not_found"}),
                channel("server answered 200 (OK): channel_not_found", permanent=True),
                "channel_not_found",
            ),
            "too long": (
                answer(200, {"ok": False, "error": "msg_too_long"}),
                letter("server answered 200 (OK): msg_too_long"),
                "msg_too_long",
            ),
            "trouble": (
                answer(200, {"ok": False, "error": "internal_error"}),
                channel("server answered 200 (OK): internal_error", permanent=False),
                "internal_error",
            ),
            "a word of tomorrow": (
                answer(200, {"ok": False, "error": "moon_is_full"}),
                channel("server answered 200 (OK), and did not take the message", permanent=False),
                "moon_is_full",
            ),
        },
    ),
    "discord": Service(
        url="discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
        host="discord.com",
        path="/api/webhooks/4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
        yes=answer(200, {"id": "1", "content": "…"}),
        means="`200` or `204`: the message stands in the channel",
        read=_key("content"),
        noes={
            "too long": (
                answer(400, {"content": ["Must be 2000 or fewer in length."]}),
                letter("server answered 400 (Bad Request)"),
                "",
            ),
            "gone": (
                answer(404, {"message": "Unknown Webhook", "code": 10015}),
                channel("server answered 404 (Not Found)", permanent=True),
                "Unknown Webhook",
            ),
            "too many": (
                answer(429, {"message": "You are being rate limited.", "retry_after": 7.0, "global": False}),
                channel(_TOO_MANY, permanent=False, retry_after=LATER),
                "You are being rate limited.",
            ),
        },
        asked_again=1,
    ),
    "telegram": Service(
        url="tgram://123456789:abcdefg_hijklmnop/12315544/",
        host="api.telegram.org",
        path="/bot123456789:abcdefg_hijklmnop/sendMessage",
        yes=answer(200, {"ok": True, "result": {"message_id": 4}}),
        means="`200`: the message stands in the chat",
        read=_key("text"),
        html=True,
        noes={
            "no chat": (
                answer(400, {"ok": False, "error_code": 400, "description": "Bad Request: chat not found"}),
                channel("server answered 400 (Bad Request): chat not found", permanent=True),
                "Bad Request: chat not found",
            ),
            "too long": (
                answer(400, {"ok": False, "error_code": 400, "description": "Bad Request: message is too long"}),
                letter("server answered 400 (Bad Request): message is too long"),
                "Bad Request: message is too long",
            ),
            "bad HTML": (
                answer(400, {"ok": False, "description": "Bad Request: can't parse entities: Unsupported start tag"}),
                letter("server answered 400 (Bad Request)"),
                "Bad Request: can't parse entities: Unsupported start tag",
            ),
            "blocked": (
                answer(403, {"ok": False, "description": "Forbidden: bot was blocked by the user"}),
                channel("server answered 403 (Forbidden)", permanent=True),
                "Forbidden: bot was blocked by the user",
            ),
            "too many": (
                answer(429, {"ok": False, "description": "Too Many Requests", "parameters": {"retry_after": 7}}),
                channel(_TOO_MANY, permanent=False, retry_after=LATER),
                "Too Many Requests",
            ),
        },
    ),
    "teams": Service(
        url="workflows://{host}/workflowid/signature",
        host="127.0.0.1",
        path="/workflows/workflowid/triggers/manual/paths/invoke"
        "?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=signature",
        yes=Reply(status=202),
        means="`200` or `202`: the workflow has it, and posts it a moment later",
        read=_card,
        noes={
            "signature": (
                answer(401, {"error": {"code": "DirectApiAuthorizationRequired", "message": "Sign it anew."}}),
                channel("server answered 401 (Unauthorized)", permanent=True),
                "Sign it anew.",
            ),
            "too many": (plain(429, ""), channel(_TOO_MANY, permanent=False), ""),
        },
    ),
    "google chat": Service(
        url="gchat://workspace/key/token/",
        host="chat.googleapis.com",
        path="/v1/spaces/workspace/messages?token=token&key=key",
        yes=answer(200, {"name": "spaces/workspace/messages/1"}),
        means="`200`: the message stands in the space",
        read=_key("text"),
        noes={
            "payload": (
                answer(400, {"error": {"code": 400, "message": "Invalid JSON payload received."}}),
                letter("server answered 400 (Bad Request)"),
                "Invalid JSON payload received.",
            ),
            "no room": (
                answer(404, {"error": {"code": 404, "message": "Space not found."}}),
                channel("server answered 404 (Not Found)", permanent=True),
                "Space not found.",
            ),
            "too many": (
                answer(429, {"error": {"code": 429, "message": "Resource has been exhausted"}}),
                channel(_TOO_MANY, permanent=False),
                "Resource has been exhausted",
            ),
        },
    ),
    "mattermost": Service(
        url=f"mmost://{{host}}/{TOKEN}",
        path=f"/hooks/{TOKEN}",
        yes=plain(200, "ok"),
        means="`200`: the message stands in the channel",
        read=_key("text"),
        noes={
            "payload": (
                answer(400, {"id": "web.incoming_webhook.text.app_error", "message": "No text specified"}),
                letter("server answered 400 (Bad Request)"),
                "No text specified",
            ),
            "gone": (
                answer(
                    404, {"id": "store.sql_webhooks.get_incoming.app_error", "message": "Unable to get the webhook"}
                ),
                channel("server answered 404 (Not Found)", permanent=True),
                "Unable to get the webhook",
            ),
        },
    ),
    "rocket.chat": Service(
        url=f"rocket://{TOKEN}/{TOKEN}@{{host}}/%23general",
        path=f"/hooks/{TOKEN}/{TOKEN}",
        yes=answer(200, {"success": True}),
        means="`200`: the message stands in the channel",
        read=_key("text"),
        noes={
            "payload": (
                answer(400, {"success": False, "error": "error-invalid-channel"}),
                letter("server answered 400 (Bad Request)"),
                "error-invalid-channel",
            ),
        },
    ),
    "ntfy": Service(
        url="ntfy://{host}/desk",
        path="/",
        yes=answer(200, {"id": "sPs71M8A2T", "event": "message"}),
        means="`200`: the server has it, and pushes it to who listens",
        read=_key("message"),
        noes={
            "forbidden": (
                answer(403, {"code": 40301, "http": 403, "error": "forbidden"}),
                channel("server answered 403 (Forbidden)", permanent=True),
                "forbidden",
            ),
            "too many": (
                answer(429, {"code": 42901, "http": 429, "error": "limit reached: too many requests"}),
                channel(_TOO_MANY, permanent=False),
                "limit reached: too many requests",
            ),
        },
    ),
    "gotify": Service(
        url="gotify://{host}/canarytoken",
        path="/message",
        yes=answer(200, {"id": 25}),
        means="`200`: the server has it, and pushes it to who listens",
        read=_key("title", "message"),
        noes={
            "token": (
                answer(401, {"error": "Unauthorized", "errorDescription": "you need to provide a valid access token"}),
                channel("server answered 401 (Unauthorized)", permanent=True),
                "you need to provide a valid access token",
            ),
        },
    ),
}
