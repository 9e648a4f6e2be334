"""The rules of NganHang: each is broken by one changed action, and no step of a reference can be changed unseen."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from ccgym_envs import NGANHANG
from mutation import actions_of, call, mutate, player, verdicts

import ccgym

DOMAIN = ccgym.load_domain(NGANHANG)
SEEDS = 3  # of each of 14 templates
ENUMS = {
    "bo_phan": ("quay_giao_dich", "gian_lan", "thua_ke"),
    "ly_do": ("can_den_quay", "ngoai_pham_vi", "nghi_gian_lan"),
    "loai": ("sai_so_tien", "tinh_hai_lan"),
    "kenh": ("atm", "ung_dung"),
}


@pytest.fixture(scope="module")
def play():
    """Enact actions in one environment that all tests of this file share."""
    return player(DOMAIN)


@pytest.fixture(scope="module")
def tasks():
    drawn = [DOMAIN.draw(name, "train", seed) for name in DOMAIN.templates for seed in range(SEEDS)]
    return [*DOMAIN.tasks.values(), *drawn]


def other_value(tool: str, name: str, value: Any) -> Any:
    """Another value that the schema lets through."""
    if tool == "tam_khoa_the" and name == "ly_do":
        return "mat_the" if value != "mat_the" else "khach_yeu_cau"
    if name in ENUMS:
        return next(each for each in ENUMS[name] if each != value)
    if isinstance(value, int):
        return value + 1_000_000
    if name == "dia_chi":
        return "1 Đường Khác, Nơi Khác"
    return value[:-1] + str((int(value[-1]) + 1) % 10)


def altered(action: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The action with one thing changed: each argument, or the words."""
    if "say" in action:
        yield {"say": "Dạ, anh/chị chờ một chút ạ."}
        return
    for name, value in action["args"].items():
        yield {**action, "args": {**action["args"], name: other_value(action["name"], name, value)}}


def test_every_reference_scores_1_and_keeps_every_rule(tasks, play):
    for task in tasks:
        episode = play(task, actions_of(task))
        assert episode.rewards["correctness"] == 1.0, task.id
        assert verdicts(episode, "violated", "error") == [], task.id


def test_every_rule_is_exercised_by_some_reference(tasks, play):
    kept = {name for task in tasks for name in verdicts(play(task, actions_of(task)), "ok")}
    assert {rule.id for rule in DOMAIN.rules} - kept == set()


def test_a_changed_step_is_caught_by_state_words_or_a_rule(tasks, play):
    mutate(tasks, play, altered).holds(at_least=1000)


def test_who_does_what_is_asked_without_asking_who_asks_breaks_the_sop(tasks, play):
    for task in tasks:
        for actions in task.meta.get("shortcuts", ()):
            episode = play(task, actions)
            assert episode.rewards["correctness"] == 0.0, task.id
            assert verdicts(episode, "violated"), task.id


def test_what_is_refused_would_break_the_sop_even_for_who_did_all_else_by_the_book(play):
    """The refusal rests on a rule: the same talk with the deed in place of the refusal breaks one."""
    for task in DOMAIN.tasks.values():
        shortcuts = task.meta.get("shortcuts")
        if "refused" in task.tags and shortcuts:
            writes = [action for action in shortcuts[0] if "name" in action]
            agreed = {"say": f"{writes[-1]['args']} {' '.join(task.expect.say)} đồng ý không ạ?"}
            broken = set(verdicts(play(task, [*actions_of(task)[:-1], agreed, *writes, {"say": "Xong."}]), "violated"))
            assert broken - {"da-kiem-tra"}, task.id


def test_every_rule_is_broken_by_some_changed_action_or_deed(play):
    broken: Counter[str] = Counter()
    for task in DOMAIN.tasks.values():
        actions = actions_of(task)
        number = task.user.known["so_tai_khoan"]
        card = task.user.known.get("so_the", "1234")[:4]
        code = task.user.known.get("ma_giao_dich", "GD100000")
        world = DOMAIN.state["tables"]
        fees = [key for key, row in world["phi"].items() if row["so_tai_khoan"] == number]
        swaps = [
            call("mo_khoa_the", so_tai_khoan=number, so_the=card),
            call("phat_hanh_lai_the", so_tai_khoan=number, so_the=card, phi=1),
            call("doi_han_muc_the", so_tai_khoan=number, so_the=card, han_muc=900_000_000),
            call("dat_lai_pin", so_tai_khoan=number, so_the=card),
            call("yeu_cau_thu_hoi", so_tai_khoan=number, ma_giao_dich=code, phi=1),
            call("huy_lenh_hen_gio", so_tai_khoan=number, ma_giao_dich=code),
            call("doi_han_muc_chuyen_khoan", so_tai_khoan=number, kenh="ung_dung", han_muc=2_000_000_000),
            call("doi_han_muc_chuyen_khoan", so_tai_khoan=number, kenh="atm", han_muc=60_000_000),
            *(
                call("mo_khieu_nai", so_tai_khoan=number, ma_giao_dich=code, loai=kind, **more)
                for kind, more in (
                    ("khong_thuc_hien", {}), ("sai_so_tien", {}), ("khong_nhan_hang", {"ma_chung_tu": "CT0000"}),
                )
            ),
            call("tam_hoan_tien", so_tai_khoan=number, ma_giao_dich=code, so_tien=1),
            *(call("hoan_phi", so_tai_khoan=number, ma_phi=fee) for fee in fees),
            call("doi_so_dien_thoai", so_tai_khoan=number, so_dien_thoai="0900000000"),
            call("doi_dia_chi", so_tai_khoan=number, dia_chi="1 Đường Khác"),
            *(
                call("chuyen_bo_phan", bo_phan=to, ly_do="vuot_tham_quyen")
                for to in ("thua_ke", "gian_lan", "tra_soat", "quan_ly")
            ),
            call("chuyen_bo_phan", bo_phan="quay_giao_dich", ly_do="khach_hang_mat"),
            call("chuyen_bo_phan", bo_phan="quay_giao_dich", ly_do="khong_xac_thuc_duoc"),
            call("chuyen_bo_phan", bo_phan="quay_giao_dich", ly_do="vuot_tham_quyen"),
            call("khoa_ngan_hang_so", so_tai_khoan=number),
            call("xac_thuc", so_tai_khoan=number, so_giay_to=task.user.known.get("so_giay_to", "1234")),
        ]  # fmt: skip
        played = [
            [*actions[:i], other, *actions[i + 1 :]] for i in range(len(actions)) for other in altered(actions[i])
        ]
        played += [[*actions[:-1], other] for other in swaps] + [[other] for other in swaps]
        played += [[*actions[:i], actions[i], actions[i], *actions[i:]] for i in range(len(actions))]
        for each in played:
            broken.update(set(verdicts(play(task, each), "violated")))
    assert {rule.id for rule in DOMAIN.rules} - set(broken) == set()


def test_text_in_either_normal_form_leads_to_the_same_state(play):
    """A customer or an agent who writes NFD is the same as one who writes NFC, to the rules and to the state."""

    def nfd(value):
        return unicodedata.normalize("NFD", value) if isinstance(value, str) else value

    changed = 0
    for task in DOMAIN.tasks.values():
        composed = play(task, actions_of(task))
        spelt = [
            {"say": nfd(a["say"])} if "say" in a else {**a, "args": {k: nfd(v) for k, v in a["args"].items()}}
            for a in actions_of(task)
        ]
        told = {"first_message": nfd(task.user.first_message), "known": {k: nfd(v) for k, v in task.user.known.items()}}
        decomposed = play(task.model_copy(update={"user": task.user.model_copy(update=told)}), spelt)
        assert decomposed.rewards["correctness"] == 1.0, task.id
        assert decomposed.end.hash == composed.end.hash, task.id
        changed += any(action != own for action, own in zip(spelt, actions_of(task), strict=True))
    assert changed > 60


def test_an_address_spelt_with_escaped_combining_marks_is_the_same_address():
    """The turn itself is ASCII: only the JSON inside it, once read, is NFD."""
    task = next(task for task in DOMAIN.tasks.values() if task.id == "doi-dia-chi-ve-que")
    hashes = []
    for form in ("NFC", "NFD"):
        env = ccgym.make(NGANHANG)
        env.reset(options={"task": task.id, "seed": 0})
        for action in actions_of(task):
            if "say" in action:
                turn = action["say"]
            else:
                args = {name: unicodedata.normalize(form, value) for name, value in action["args"].items()}
                turn = f"<tool_call>{json.dumps({'name': action['name'], 'arguments': args})}</tool_call>"
            *_, info = env.step(turn)
        assert info["rewards"]["correctness"] == 1.0, form
        hashes.append(info["state_hash"])
    assert hashes[0] == hashes[1]


def test_oracle_policy_earns_correctness_1_on_every_task(tasks):
    episodes = ccgym.rollout(ccgym.make(NGANHANG), "oracle", tasks)
    assert {episode.rewards["correctness"] for episode in episodes} == {1.0}


def test_reading_more_changes_nothing(tasks, play):
    rng = Random(1)
    for task in tasks:
        actions = actions_of(task)
        opened = [i for i, a in enumerate(actions) if a.get("name") == "tra_cuu_tai_khoan"]
        if opened:
            at = rng.randrange(opened[0] + 1, len(actions))
            look = call("tra_cuu_phi", so_tai_khoan=task.user.known["so_tai_khoan"])
            assert play(task, [*actions[:at], look, *actions[at:]]).rewards["correctness"] == 1.0, task.id
