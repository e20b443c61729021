"""What a service says is read from one kind of record, in whatever shape it comes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.alert import Failed, Outcome, Unknown
from monitor.send import records


def told(details: str, *, status: int = 400) -> Outcome | None:
    return records.told([("WARNING", f"Failed to send: error={status}."), ("DEBUG", f"Response Details:\r\n{details}")])


@pytest.mark.parametrize(
    ("details", "said"),
    [
        ("b'plain words'", "plain words"),
        ("b'[1, 2]'", "[1, 2]"),
        ("b'{}'", ""),
        ('b\'{"error": {"message": "inner"}}\'', "inner"),
        ('b\'{"error": 7, "message": "outer"}\'', "outer"),
        ("b'\\xff\\xfe\\x1b[31m'", "�� [31m"),
        ("b''", ""),
        ("<hidden>", ""),
        ("'a text'", ""),
        (f"b'{'[' * 5000}'", "[" * 5000),
    ],
)
def test_any_body_is_read_as_far_as_it_can_be(details: str, said: str) -> None:
    outcome = told(details)
    assert isinstance(outcome, Failed)
    assert (outcome.reason, outcome.said) == ("server answered 400 (Bad Request)", said)


@pytest.mark.parametrize(
    ("body", "wait"),
    [
        ('{"retry_after": 1.5}', timedelta(seconds=1.5)),
        ('{"retry_after_ms": 1500}', timedelta(seconds=1.5)),
        ('{"parameters": {"retry_after": 3}}', timedelta(seconds=3)),
        ('{"parameters": [3], "retry_after": "soon"}', None),
        ('{"retry_after": -1}', None),
        ('{"retry_after": 1e300}', None),
    ],
)
def test_a_wait_is_read_where_it_can_be_meant(body: str, wait: timedelta | None) -> None:
    outcome = told(repr(body.encode()), status=429)
    assert isinstance(outcome, Failed)
    assert outcome.retry_after == wait


def test_an_answer_that_only_says_that_more_follows_leaves_it_unknown() -> None:
    assert told("b''", status=103) == Unknown(reason="server answered 103 (Early Hints)")


def test_a_message_that_quotes_an_answer_is_not_one() -> None:
    lines = [("DEBUG", "Payload: Response Details:\r\nb'chat not found'"), ("WARNING", "Failed: error=400.")]
    outcome = records.told(lines)
    assert isinstance(outcome, Failed)
    assert outcome.said == ""


def test_what_depends_on_no_message_is_passed_over() -> None:
    login, register = "Matrix POST URL: http://h/_matrix/client/v3/login", "Matrix POST URL: http://h/v3/register"
    lines = [("DEBUG", login), ("WARNING", "error=403."), ("DEBUG", register), ("WARNING", "error=400.")]
    outcome = records.told(lines)
    assert isinstance(outcome, Failed)
    assert outcome.reason == "server answered 403 (Forbidden)"
