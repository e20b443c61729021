"""A broker of Debian's: an alert is published, and only a broker that answers has confirmed it."""

from __future__ import annotations

import io
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from monitor import send
from monitor.alert import Failed, Fault, Outcome, Sent
from monitor.channel import Channel, Service
from tests.alerts import NOW, alert, message
from tests.receivers.programs import PATIENCE, free_port, running

#: Importing all plugins of Apprise imports imghdr, which goes with Python 3.13.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@contextmanager
def serving(program: str, folder: Path, *, strangers: bool = True) -> Iterator[int]:
    port = free_port()
    config = folder / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous {str(strangers).lower()}\nuser root\n")
    with running([program, "-c", str(config)], port=port, log=folder / "mosquitto.log"):
        yield port


@pytest.fixture
def broker(tool: Callable[[str], str], tmp_path: Path) -> Iterator[int]:
    with serving(tool("mosquitto"), tmp_path) as port:
        yield port


@pytest.fixture
def heard(broker: int) -> Iterator[queue.Queue[str]]:
    """What somebody hears who listens to the topic."""
    words: queue.Queue[str] = queue.Queue()
    listening = threading.Event()
    anna = mqtt.Client(CallbackAPIVersion.VERSION2)
    anna.on_message = lambda *got: words.put(got[2].payload.decode())
    anna.on_subscribe = lambda *_: listening.set()
    anna.connect("127.0.0.1", broker)
    anna.loop_start()
    anna.subscribe("desk/news", qos=1)
    assert listening.wait(PATIENCE)
    yield words
    anna.disconnect()
    anna.loop_stop()


def publish(url: str, **changes: object) -> Outcome:
    channel = Channel(name="broker", target=Service(url=url))
    sender = send.open_sender(channel, console=io.StringIO(), now=lambda: NOW, limit=timedelta(seconds=3))
    return sender.send(message(alert(**changes)))


def test_an_alert_is_published_and_confirmed(broker: int, heard: queue.Queue[str]) -> None:
    assert publish(f"mqtt://127.0.0.1:{broker}/desk/news?qos=1") == Sent()
    words = heard.get(timeout=PATIENCE)
    assert alert().link in words.split()
    assert "a-7f3k2b" in words


def test_what_is_published_without_an_answer_is_not_confirmed(broker: int, heard: queue.Queue[str]) -> None:
    assert publish(f"mqtt://127.0.0.1:{broker}/desk/news?qos=0") == Sent(detail="handed over, not confirmed")
    assert alert().link in heard.get(timeout=PATIENCE)


def test_any_words_arrive_as_they_are(broker: int, heard: queue.Queue[str]) -> None:
    publish(f"mqtt://127.0.0.1:{broker}/desk/news?qos=1", headline="НАТО: «гарантии» \x1b[31m 🔔")
    assert "НАТО: «гарантии» [31m 🔔" in heard.get(timeout=PATIENCE)


def test_a_broker_that_is_not_there_may_be_there_later() -> None:
    outcome = publish(f"mqtt://127.0.0.1:{free_port()}/desk/news")
    assert outcome == Failed(reason="could not connect", fault=Fault.CHANNEL, permanent=False)


def test_a_broker_that_refuses_the_login_is_a_fault_of_the_channel(tool: Callable[[str], str], tmp_path: Path) -> None:
    with serving(tool("mosquitto"), tmp_path, strangers=False) as port:
        outcome = publish(f"mqtt://bot:canarypassword@127.0.0.1:{port}/desk/news?qos=1")
    assert isinstance(outcome, Failed)
    assert outcome.fault is Fault.CHANNEL
    assert "canary" not in outcome.reason + outcome.said
