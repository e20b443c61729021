"""Texts that a rule is tested on: some that it must match, some that it must not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitor import text
from monitor.rule.explain import Explanation, explain
from monitor.rule.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTest:
    """A text, and whether the rule must match it."""

    headline: str = ""
    lead: str = ""
    text: str = ""
    match: bool = True

    @property
    def title(self) -> str:
        """Return what it begins with."""
        return self.headline or self.lead or self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """What became of a test."""

    rule: str
    test: RuleTest
    #: Of each query of the rule.
    explanations: tuple[Explanation, ...]

    @property
    def matched(self) -> bool:
        """Return whether the rule matched."""
        return any(each.held for each in self.explanations)

    @property
    def passed(self) -> bool:
        """Return whether the rule did what the test asks for."""
        return self.matched == self.test.match


def run_tests(rule: Rule, tests: Sequence[RuleTest]) -> tuple[Tested, ...]:
    """Return what became of each test."""
    return tuple(_tested(rule, each) for each in tests)


def _tested(rule: Rule, test: RuleTest) -> Tested:
    read = text.read(headline=test.headline, lead=test.lead, text=test.text)
    return Tested(rule=rule.name, test=test, explanations=explain(rule, read))
