"""The written cases of NganHang: lines as customers write them, the edges of the rules, and people who push.

The name of a case says what it is about.
"""

from __future__ import annotations

from ccgym_envs.nganhang.written import cards, contacts, disputes, fees, lost_cards, mixed, people, transfers
from ccgym_envs.nganhang.written.entering import CASES

__all__ = ["CASES", "cards", "contacts", "disputes", "fees", "lost_cards", "mixed", "people", "transfers"]
