"""What the domain NganHang is made of."""

from __future__ import annotations

import json
from collections import Counter

from ccgym_envs import NGANHANG
from ccgym_envs.nganhang import make
from ccgym_envs.nganhang.templates import TEMPLATES

import ccgym
from ccgym.audit import audit
from ccgym.checking import check

DOMAIN = ccgym.load_domain(NGANHANG)


def test_the_files_are_what_the_program_makes():
    assert (NGANHANG / "state.json").read_text(encoding="utf-8") == make.state_text(make.make_state())
    assert (NGANHANG / "tasks.jsonl").read_text(encoding="utf-8") == make.tasks_text(make.make_tasks())


def test_it_has_a_thousand_rows_a_dozen_tools_and_sixty_written_tasks():
    assert sum(len(rows) for rows in DOMAIN.state["tables"].values()) >= 1000
    assert len(DOMAIN.tools) >= 12
    assert len(DOMAIN.tasks) >= 60
    assert Counter(task.split for task in DOMAIN.tasks.values()).keys() == {"train", "test"}


def test_half_of_the_written_tasks_end_without_what_was_asked_for():
    ends = Counter(task.tags[-1] for task in DOMAIN.tasks.values())
    assert ends["refused"] + ends["transferred"] + ends["declined"] >= len(DOMAIN.tasks) / 2


def test_the_sop_has_several_pages_and_the_digest_at_most_150_words():
    assert len(DOMAIN.sop.split()) >= 2000
    assert len(DOMAIN.sop_digest.split()) <= 150


def test_schemas_and_customers_are_in_vietnamese():
    for name, tool in DOMAIN.tools.items():
        assert not json.dumps(tool.description, ensure_ascii=False).isascii(), name
    for task in DOMAIN.tasks.values():
        assert not task.user.first_message.isascii(), task.id


def test_streams_of_train_and_test_share_no_task():
    for name in TEMPLATES:
        drawn = {split: {DOMAIN.draw(name, split, s).user.first_message + str(DOMAIN.draw(name, split, s).user.known)
                         for s in range(10)} for split in ("train", "test")}  # fmt: skip
        assert not drawn["train"] & drawn["test"], name
    assert len(TEMPLATES) >= 6


def test_check_has_neither_errors_nor_warnings():
    found = [finding for finding in check(str(NGANHANG)).findings if finding.severity in ("error", "warning")]
    assert found == []


def test_the_audit_finds_no_loophole():
    assert audit(str(NGANHANG), tasks=list(DOMAIN.tasks)[::6], group=2).ok
