"""What wires write before what cannot wait."""

from __future__ import annotations

import pytest

from monitor.urgency import Urgency, urgency


@pytest.mark.parametrize(
    ("headline", "said"),
    [
        ("FLASH: Kyiv signs", Urgency.FLASH),
        ("*FLASH* Kyiv signs", Urgency.FLASH),
        ("МОЛНИЯ. Киев подписал", None),  # a full stop ends a sentence, and many begin with one word
        ("Молния — Киев подписал", Urgency.FLASH),
        ("URGENT - Kyiv signs", Urgency.URGENT),
        ("Urgent | Kyiv signs", Urgency.URGENT),
        ("BREAKING NEWS: Kyiv signs", Urgency.URGENT),
        ("BULLETIN 2: Kyiv signs", Urgency.URGENT),
        ("Срочно: Киев подписал", Urgency.URGENT),
        ("Eilmeldung: Kiew unterschreibt", Urgency.URGENT),
        ("ALERTE INFO – Kiev signe", Urgency.URGENT),
        ("ÚLTIMA HORA | Kiev firma", Urgency.URGENT),
        ("[速報] キーウが署名", Urgency.URGENT),
        ("Kyiv signs (URGENT)", Urgency.URGENT),
        ("Urgent talks in Kyiv", None),
        ("Breaking: bad, breaking bad", Urgency.URGENT),
        ("Flash floods in Spain", None),
        ("Kyiv calls it urgent", None),
        ("Kyiv signs", None),
        ("", None),
    ],
)
def test_a_word_at_the_head_or_in_brackets_tells_how_urgent_it_is(headline: str, said: Urgency | None) -> None:
    assert urgency(headline) is said


def test_a_flash_is_urgent_too() -> None:
    assert (Urgency.FLASH.words, Urgency.URGENT.words) == ("flash urgent", "urgent")
