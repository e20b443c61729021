"""Every reason and every error that people may see stands in the reference."""

from __future__ import annotations

from enum import StrEnum

import pytest

from monitor import alert, correction, errors, exchange, feed, item, policy, sandbox
from monitor.rule import evaluate
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "reference" / "reasons.md").read_text(encoding="utf-8")
REASONS: tuple[type[StrEnum], ...] = (
    *(exchange.Refusal, feed.State, feed.Trouble, feed.Cause, sandbox.Death, item.Unreadable),
    *(policy.Reason, alert.DeliveryState, alert.Kind, correction.Reason, evaluate.Refusal),
)


@pytest.mark.parametrize("word", sorted({str(word) for reasons in REASONS for word in reasons}))
def test_a_reason_is_explained(word: str) -> None:
    assert f"`{word}`" in PAGE


@pytest.mark.parametrize("error", sorted(e.__name__ for e in errors.WirebellError.__subclasses__()))
def test_an_error_is_explained(error: str) -> None:
    assert f"`{error}`" in PAGE


@pytest.mark.parametrize("error", sorted(e.__name__ for e in errors.StoreError.__subclasses__()))
def test_an_error_of_the_store_is_explained(error: str) -> None:
    assert f"`{error}`" in PAGE
