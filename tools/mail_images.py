"""Draw how mails look: each kind of message, on a phone and on a desk, in light and in dark colours.

Run as ``.venv/bin/python tools/mail_images.py``. It writes ``docs/images``, and needs two programs of Debian:
``chromium`` and ``pngquant``.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from monitor import render
from monitor.alert import Alert, Change, Delivery, Digest, Kind, Notice, Priority, What
from monitor.rule import Evidence

IMAGES = Path(__file__).parents[1] / "docs" / "images"
BERLIN = ZoneInfo("Europe/Berlin")
SEEN = datetime(2026, 11, 24, 9, 11, 7, tzinfo=UTC)
DELIVERY = Delivery(id="d" * 16, alert_id="a" * 16, channel="mail", due_at=SEEN, made_at=SEEN)
#: Width of the window, and its height for each kind of message: as much as that needs.
WIDTHS = {"phone": 360, "desk": 800}
#: What Chromium prefers: 0 is dark and 1 is light.
SCHEMES = {"light": "1", "dark": "0"}

SENTENCE = "NATO foreign ministers discussed written security guarantees for Kyiv on Tuesday, three officials said."
FOUND = Evidence(field="text", sentence=SENTENCE, spans=((0, 4, "NATO"), (41, 60, "security guarantees")))
ALERT = Alert(
    id="7f3k2bq5aaaaaaaa",
    kind=Kind.NEW,
    rule="nato",
    priority=Priority.NORMAL,
    item_id=7,
    version=1,
    feed="reuters",
    source="Reuters",
    headline="Allies weigh written guarantees for Kyiv",
    link="https://example.com/world/2026/11/24/allies-weigh-written-guarantees",
    published=SEEN - timedelta(minutes=7),
    seen=SEEN,
    language="en",
    read="article",
    read_reason="",
    strength=0.74,
    place="all words in one sentence, paragraph 3",
    evidence=(FOUND,),
    made_at=SEEN,
)
CORRECTION = replace(
    ALERT,
    kind=Kind.CORRECTION,
    headline="Kremlin confirms talks on security guarantees with NATO",
    source="TASS",
    changes=(Change(before="denies", after="confirms"),),
    evidence=(),
    place="in the headline",
)
NOTICE = Notice(
    id="n" * 16,
    kind=Kind.CHANNEL,
    subject="desk cannot be reached",
    message="desk cannot be reached since 09:02: server answered 503 (Service Unavailable). "
    "Until it can be, its alerts go to mail as well.",
    made_at=SEEN,
)
NIGHT = SEEN - timedelta(hours=7)
DIGEST = Digest(
    id="g" * 16,
    kind=Kind.DIGEST,
    alerts=(
        replace(ALERT, id="r4cx" * 4, headline="Kremlin rejects guarantees", source="TASS", seen=NIGHT),
        replace(ALERT, seen=NIGHT + timedelta(hours=3)),
        replace(
            ALERT, id="k2vd" * 4, rule="siemens", headline="Siemens to cut 2,700 jobs in its factories", source="BBC",
            seen=NIGHT + timedelta(hours=2),
        ),
    ),
    reasons=("held, quiet hours",) * 3,
    made_at=datetime(2026, 11, 24, 6, tzinfo=UTC),
)  # fmt: skip
MESSAGES: dict[str, tuple[What, dict[str, int]]] = {
    "alert": (ALERT, {"phone": 390, "desk": 270}),
    "correction": (CORRECTION, {"phone": 340, "desk": 250}),
    "digest": (DIGEST, {"phone": 380, "desk": 310}),
    "notice": (NOTICE, {"phone": 150, "desk": 125}),
}


def draw(page: Path, image: Path, size: str, scheme: str) -> None:
    """Have the browser draw the page, and keep the few colours that it has."""
    command = [
        "chromium",
        "--headless",
        "--no-sandbox",
        "--hide-scrollbars",
        "--disable-gpu",
        f"--blink-settings=preferredColorScheme={scheme}",
        f"--window-size={size}",
        f"--screenshot={image}",
        page.as_uri(),
    ]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own page
    shrink = ["pngquant", "--force", "--strip", "--nofs", f"--output={image}", "32", str(image)]
    subprocess.run(shrink, check=True, capture_output=True)  # noqa: S603 - our own image


def main() -> None:
    """Draw every message in every width and scheme."""
    if missing := [program for program in ("chromium", "pngquant") if shutil.which(program) is None]:
        sys.exit(f"needs {', '.join(missing)}")
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "mail.html"
        for name, (what, heights) in MESSAGES.items():
            message = render.message(what, delivery=DELIVERY, zone=BERLIN)
            page.write_text(render.page(message.sheet), encoding="utf-8")
            for place, width in WIDTHS.items():
                for scheme, number in SCHEMES.items():
                    draw(page, IMAGES / f"{name}-{place}-{scheme}.png", f"{width},{heights[place]}", number)


if __name__ == "__main__":
    main()
