"""The SOP as the machine checks it: rules are judged while an episode is played, asserts at its end."""

from __future__ import annotations

from ccgym.domain.rules import Rule
from ccgym.sop.asserts import judge_asserts
from ccgym.sop.monitor import Monitor
from ccgym.sop.program import RuleProgram, rule_program
from ccgym.sop.verdict import Verdict

__all__ = ["Monitor", "Rule", "RuleProgram", "Verdict", "judge_asserts", "rule_program"]
