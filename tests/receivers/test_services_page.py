"""The page of services says what Apprise and our own code say: form, limit, and what a yes is."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from monitor.render.brief import BRIEF
from monitor.send import records, service
from monitor.sheet import Form
from tests.conftest import ROOT
from tests.receivers.services import SERVICES

#: Importing all plugins of Apprise imports imghdr, which goes with Python 3.13.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

PAGE = ROOT / "docs" / "reference" / "services.md"
HEAD = "| service | form | characters | sent means |\n|---|---|---|---|\n"
FORMS = {Form.HTML: "HTML", Form.MARKDOWN: "Markdown", Form.TEXT: "text"}
#: Servers that are run, and not played, with what a yes of theirs means.
SERVERS = {
    "matrix": ("matrix://bot:pw@127.0.0.1/!room:bank.example", "the homeserver has the event, and others read it"),
    "irc": ("irc://127.0.0.1/%23desk", "not confirmed: the line was written, and no server says more"),
    "mqtt": ("mqtt://127.0.0.1/desk", "not confirmed; with `?qos=1` or `2` in the address, the broker has it"),
}


def row(name: str, url: str, means: str) -> str:
    (plugin,) = service._open(url)
    _, manner = service._manner(plugin, urlsplit(url).scheme, None, 0)
    form = "one line" if manner.limit <= BRIEF else FORMS[manner.form]
    return f"| {name} | {form} | {manner.limit:,} | {means} |\n"


def test_the_table_is_what_the_code_does() -> None:
    played = [row(name, each.url.format(host="127.0.0.1:443"), each.means) for name, each in SERVICES.items()]
    run = [row(name, *each) for name, each in SERVERS.items()]
    assert HEAD + "".join([*played, *run]) in PAGE.read_text()


@pytest.mark.parametrize("name", SERVICES)
def test_a_yes_is_the_answer_that_the_page_names(name: str) -> None:
    each = SERVICES[name]
    assert f"`{each.yes.status}`" in each.means


def test_every_code_that_is_read_stands_on_the_page() -> None:
    lost = [code for code in records.MEANING if f"`{code}`" not in PAGE.read_text()]
    assert lost == []
