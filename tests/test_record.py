"""Facts as the evidence keeps them."""

from __future__ import annotations

import pytest

from monitor.record import without_secrets


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ('feeds.tass = "https://tass.example/rss"', 'feeds.tass = "https://tass.example/rss"'),
        ('url = "slack://T1/B2/token"', 'url = "slack://…"'),
        ("channels.desk = 'tgram://bot/12'", "channels.desk = 'tgram://…'"),
        ('url = "https://anna:pw@news.example/rss"', 'url = "https://…@news.example/rss"'),
        ('webhook = "https://hooks.example/s3cret"', 'webhook = "…"'),
        ('password = "a#b"', 'password = "…"'),
        ("auth = { user = 'anna', password = 'pw' }", 'auth = "…"'),
        ('password_file = "mail.pw"', 'password_file = "mail.pw"'),
    ],
)
def test_a_config_is_shown_without_its_secrets(written: str, shown: str) -> None:
    assert without_secrets(written) == shown
