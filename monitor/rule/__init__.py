"""The rule language: what a person writes, made ready to match texts, with evidence for every match.

str --scan--> tokens --parser--> query --checks--> Rule        RuleSet --index--> candidates --evaluate--> Match
"""

from __future__ import annotations

from monitor.rule.evidence import Evidence
from monitor.rule.explain import Explanation, Finding, explain
from monitor.rule.rules import Judged, Match, Rule, RuleSet, Unjudged, Where, compile_rule, warnings
from monitor.rule.tested import RuleTest, Tested, run_tests
from monitor.rule.topic import Precision

__all__ = [
    "Evidence",
    "Explanation",
    "Finding",
    "Judged",
    "Match",
    "Precision",
    "Rule",
    "RuleSet",
    "RuleTest",
    "Tested",
    "Unjudged",
    "Where",
    "compile_rule",
    "explain",
    "run_tests",
    "warnings",
]
