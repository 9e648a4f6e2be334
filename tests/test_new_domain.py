"""`ccgym new domain`: from two files to a domain that plays.

1. The folder passes `ccgym check` with notices only, and its references earn 1.
2. Policies that do nothing, refuse, echo or spam earn nothing.
3. The same files give the same bytes.
4. A rule is proposed only where the prose is plain; all proposals hold on the references.
5. Bad input is an error that names the place and the fix, and nothing is left behind.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import ccgym
from ccgym.authoring import new_domain
from ccgym.cli.app import run
from ccgym.domain import check_domain
from ccgym.errors import CcgymError
from ccgym.rollouts import make_policy
from ccgym.turns import nfc

FILES = Path(__file__).parent / "authoring"
DESKS = sorted(path.name for path in FILES.iterdir() if path.is_dir())
LAZY = ("null", "refuse", "spam", "echo", "random")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Name of a fixture to its new domain, made once."""
    known = {}

    def make(name):
        if name not in known:
            files = (FILES / name / "tools.json", FILES / name / "sop.md") if name != "template" else (None, None)
            known[name] = new_domain("Desk", *files, tmp_path_factory.mktemp("new") / name)
        return known[name]

    return make


def earned(folder, policy, **options):
    """What a policy earns of correctness in each task."""
    env = ccgym.make(folder, weights={"correctness": 1.0}, gates={})
    tasks = list(env.domain.tasks)
    episodes = ccgym.rollout(env, make_policy(policy), tasks, **options)
    return {task: episode.rewards.get("correctness") for task, episode in zip(tasks, episodes, strict=True)}


# --- 1 and 2: it plays ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("desk", [*DESKS, "template"])
def test_a_new_domain_passes_check_with_notices_only(made, desk):
    found = check_domain(made(desk).folder)
    assert [str(f) for f in found if f.severity != "notice"] == []
    assert run(["check", "--strict", str(made(desk).folder)]) == 0


@pytest.mark.parametrize("desk", [*DESKS, "template"])
def test_every_reference_earns_1_and_keeps_every_rule(made, desk):
    folder = made(desk).folder
    assert set(earned(folder, "oracle").values()) == {1.0}
    env = ccgym.make(folder)
    for episode in ccgym.rollout(env, make_policy("oracle"), list(env.domain.tasks), seed=7):
        assert not [e for e in episode.events if getattr(e, "verdict", "ok") in ("violated", "error")]


@pytest.mark.parametrize("policy", LAZY)
@pytest.mark.parametrize("desk", [*DESKS, "template"])
def test_a_policy_that_does_not_work_earns_nothing(made, desk, policy):
    assert not any(earned(made(desk).folder, policy).values())


@pytest.mark.parametrize("desk", [*DESKS, "template"])
def test_train_and_test_hold_different_tasks_for_each_tool(made, desk):
    domain = ccgym.load_domain(made(desk).folder)
    train, test = domain.split("train"), domain.split("test")
    assert train
    assert test
    assert not {t.content_digest for t in train} & {t.content_digest for t in test}
    called = {action.name for t in (*train, *test) for action in t.expect.actions if hasattr(action, "name")}
    assert called | set(made(desk).untested) == set(domain.tools)
    assert any(task.expect.refuse for task in domain.tasks.values())


@pytest.mark.parametrize("desk", DESKS)
def test_the_customers_speak_the_language_of_the_sop(made, desk):
    vietnamese = desk.endswith("_vn")
    domain = ccgym.load_domain(made(desk).folder)
    assert domain.language == ("vi" if vietnamese else "en")
    lines = [task.user.first_message for task in domain.tasks.values()]
    assert all(bool(re.search(r"[ạảàáâăơưđ]", line)) is vietnamese for line in lines)


# --- 3: the same bytes ------------------------------------------------------------------------------------------------


def content(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*"))}


@pytest.mark.parametrize("desk", DESKS)
def test_the_same_files_give_the_same_bytes(made, desk, tmp_path):
    again = new_domain("Desk", FILES / desk / "tools.json", FILES / desk / "sop.md", tmp_path / "elsewhere" / "again")
    assert content(again.folder) == content(made(desk).folder)


def test_the_prose_stays_as_it_was(made):
    for desk in DESKS:
        text = nfc((FILES / desk / "sop.md").read_text(encoding="utf-8-sig").replace("\r\n", "\n"))
        copied = (made(desk).folder / "sop.md").read_text(encoding="utf-8")
        assert re.sub(r"^```rules\n.*?^```\n", "", copied, flags=re.M | re.S).strip() == text.strip()


# --- 4: rules ---------------------------------------------------------------------------------------------------------


TOOLS = [
    {"name": name, "description": text, "parameters": {"type": "object", "properties": properties,
                                                       "required": list(properties)}}
    for name, text, properties in (
        ("get_order", "Look up an order.", {"order_id": {"type": "string"}}),
        ("verify_customer", "Verify.", {"order_id": {"type": "string"}, "phone": {"type": "string"}}),
        ("cancel_order", "Hủy đơn hàng", {"order_id": {"type": "string"}}),
        ("refund_order", "Hoàn tiền đơn hàng", {"order_id": {"type": "string"}}),
        ("issue_voucher", "Issue a voucher.", {"order_id": {"type": "string"}}),
    )
]  # fmt: skip


def rules(made):
    return {rule.id for rule in ccgym.load_domain(made.folder).rules}


def test_rules_are_read_from_english_prose(made):
    assert rules(made("clinic")) == {
        "appointment-reschedule-when", "appointment-cancel-require", "appointment-cancel-confirm",
        "appointment-reschedule-at-most",
    }  # fmt: skip
    assert {"unblockcard-require", "createtransfer-require", "createtransfer-confirm"} <= rules(made("bank"))
    assert {"delete-account-never", "renew-loan-require", "renew-loan-at-most"} == rules(made("library"))


def test_rules_are_read_from_vietnamese_prose(made):
    assert rules(made("telecom_vn")) == {
        "doi-goi-cuoc-require", "tam-ngung-thue-bao-require", "huy-don-hang-sim-when", "huy-don-hang-sim-confirm",
        "tao-phieu-khieu-nai-at-most",
    }  # fmt: skip
    assert "cancelshipment-when" in rules(made("logistics_vn"))
    assert rules(made("insurance_vn")) == {
        "capnhatnguoithuhuong-require", "huyyeucauboithuong-when", "giahanhopdong-confirm", "giahanhopdong-require",
        "taoyeucauboithuong-require", "taoyeucauboithuong-at-most",
    }  # fmt: skip
    assert rules(made("hospital_vn")) == {"doi-lich-kham-require", "huy-lich-kham-when", "dat-lich-kham-confirm"}


def test_items_of_numbered_clauses_and_headings_in_bold_stand_apart(made):
    assert {"end-plan-require", "end-plan-confirm", "move-credit-confirm", "embargo-plan-require"} == rules(
        made("billing")
    )
    assert not any("Identity" in proposal.sentence for proposal in made("gym").proposals)


def test_a_rule_counts_for_the_row_that_it_speaks_of(made):
    per = {p.targets[0].name: p.per for p in made("insurance_vn").proposals if p.kind == "at_most"}
    assert per == {"taoYeuCauBoiThuong": ["soHopDong"]}
    assert [p.per for p in made("gym").proposals if p.kind == "at_most"] == [["member_id"]]


# --- what tools are taken for -----------------------------------------------------------------------------------------


def plan(made, name):
    return next(plan for plan in made.plans if plan.name == name)


def test_ids_are_told_by_names_or_by_descriptions(made):
    billing, insurance = made("billing"), made("insurance_vn")
    assert plan(billing, "end_plan").key.name == "plan"
    assert plan(billing, "change_delivery").key.name == "customer"
    assert plan(insurance, "giaHanHopDong").entity.table == "hop_dong"
    assert plan(insurance, "huyYeuCauBoiThuong").entity is plan(insurance, "taoYeuCauBoiThuong").entity


def test_money_goes_from_one_row_to_another(made):
    for task in ccgym.load_domain(made("billing").folder).tasks.values():
        for action in task.expect.actions:
            if getattr(action, "name", "") == "move_credit":
                assert action.args["from_wallet"] != action.args["to_wallet"]


def test_a_verb_that_nobody_knows_is_told_by_the_description(made):
    assert plan(made("billing"), "embargo_plan").job.effect == "write"
    assert plan(made("billing"), "talk_to_human").job.terminal


def test_who_is_verified_is_who_the_call_is_about(made):
    for task in ccgym.load_domain(made("gym").folder).tasks.values():
        members = {
            action.args["member_id"] for action in task.expect.actions if "member_id" in getattr(action, "args", ())
        }
        assert len(members) <= 1, task.id


def test_a_word_of_the_question_for_a_yes_asks_for_nothing_else(tmp_path):
    tool = {**TOOLS[2], "name": "cancel_visit", "parameters": {"type": "object", "properties": {"visit": {}},
                                                               "required": ["visit"]}}  # fmt: skip
    (tmp_path / "tools.json").write_text(json.dumps([tool]))
    (tmp_path / "sop.md").write_text("Ask the customer to confirm before you cancel the visit.")
    made = new_domain("Visits", tmp_path / "tools.json", tmp_path / "sop.md", tmp_path / "new")
    assert rules(made) == {"cancel-visit-confirm"}
    assert set(earned(made.folder, "oracle").values()) == {1.0}


def test_two_verbs_may_share_a_noun(tmp_path):
    (tmp_path / "tools.json").write_text(json.dumps(TOOLS))
    (tmp_path / "sop.md").write_text("Verify the customer before you cancel or refund an order.\n")
    made = new_domain("Orders", tmp_path / "tools.json", tmp_path / "sop.md", tmp_path / "new")
    (rule,) = ccgym.load_domain(made.folder).rules
    assert set(rule.calls) == {"cancel_order", "refund_order"}


def test_each_rule_is_marked_as_a_proposal_and_cites_its_prose(made):
    for rule in ccgym.load_domain(made("logistics_vn").folder).rules:
        assert rule.note.startswith("proposed")
        assert rule.clause.text


@pytest.mark.parametrize(
    ("prose", "found"),
    [
        ("Before cancelling an order, verify the customer.", {"cancel-order-require"}),
        ("Verify the customer's identity before any refund.", {"refund-order-require"}),
        ("A refund is issued only after the customer has been verified.", {"refund-order-require"}),
        ("Never refund an order without verifying the customer.", {"refund-order-require"}),
        ("Do not cancel an order until the customer has been verified.", {"cancel-order-require"}),
        ("Verify the customer before you cancel or refund an order.", {"cancel-order-require"}),
        ("Never call `refund_order`.", {"refund-order-never"}),
        ("Ask the customer to confirm before you cancel the order.", {"cancel-order-confirm"}),
        ("Issue at most one voucher per order.", {"issue-voucher-at-most"}),
        ("Cancel an order only if its status is `pending`.", {"cancel-order-when"}),
        ("Chỉ hủy đơn hàng khi trạng thái là 'chờ xử lý'.", {"cancel-order-when"}),
        ("Trước khi hủy đơn hàng phải xác minh khách hàng.", {"cancel-order-require"}),
        ("Phải xác nhận với khách hàng trước khi hủy đơn.", {"cancel-order-confirm"}),
        ("Không được hoàn tiền khi chưa xác minh khách hàng.", {"refund-order-require"}),
        ("Tuyệt đối không gọi refund_order.", {"refund-order-never"}),
        ("Orders must not be cancelled before the customer is verified.", {"cancel-order-require"}),
        ("Never forget to verify the customer before refunding an order.", {"refund-order-require"}),
        ("Never issue more than 2 vouchers.", {"issue-voucher-at-most"}),
        ("Refund the order only if its status is delivered or returned.", {"refund-order-when"}),
        ("Không cấp quá 2 voucher cho một đơn hàng.", {"issue-voucher-at-most"}),
        ("Cần xác minh khách hàng rồi mới hoàn tiền đơn hàng.", {"refund-order-require"}),
        ("Không được hủy đơn hàng nếu khách hàng chưa xác nhận.", {"cancel-order-confirm"}),
        ("Chỉ được hủy đơn hàng khi trạng thái đơn hàng là 'hoàn tiền đơn hàng'.", {"cancel-order-when"}),
        # what is not plain, or no rule at all
        ("You do not need to verify the customer before you cancel an order.", set()),
        ("Should you verify the customer before cancelling an order?", set()),
        ("If the customer is angry, verify the customer before cancelling an order.", set()),
        ("Orders may be cancelled before they ship.", set()),
        ("Verify the customer before cancelling an order, except for gifts.", set()),
        ("Không cần xác minh khách hàng trước khi hủy đơn hàng.", set()),
        ("Issue at most one voucher a day worth at most 20.", set()),
        ("Never promise a refund before Friday.", set()),
        ("Never cancel shipped orders.", set()),
        ("Never cancel an order yourself.", set()),
        ("Never refund an order twice.", set()),
        ("Never double-refund an order.", set()),
        ("Never refund more than 50 dollars for an order.", set()),
        ("Never promise to refund an order before the customer is verified.", set()),
        ("Always check whether the order has arrived before cancelling an order.", set()),
        ("Each customer may have at most 2 refunded orders.", set()),
        ("Mỗi khách hàng được hoàn tiền đơn hàng tối đa 2 lần.", set()),
        ("Tuyệt đối không tự ý hủy đơn hàng.", set()),
        ("Không được hủy đơn hàng đã giao.", set()),
        ("Không được hứa hoàn tiền đơn hàng trước khi kiểm tra đơn hàng.", set()),
        ("Confirm the customer's identity in person.", set()),
        ("Cancel an order only if it is less than 30 days old.", set()),
        ("```\nVerify the customer before cancelling an order.\n```", set()),
    ],
)
def test_a_sentence_gives_a_rule_only_where_it_is_plain(tmp_path, prose, found):
    (tmp_path / "tools.json").write_text(json.dumps(TOOLS))
    (tmp_path / "sop.md").write_text(f"# Orders\n\nKhách hàng và nhân viên.\n\n{prose}\n")
    assert rules(new_domain("Orders", tmp_path / "tools.json", tmp_path / "sop.md", tmp_path / "new")) == found


# --- the author's own -------------------------------------------------------------------------------------------------


def test_what_the_author_has_written_stays(tmp_path):
    own = {"effect": "read", "mock": {"kind": "lookup", "table": "papers", "key": "{/args/order_id}"}}
    tools = [{**TOOLS[0], "x-ccgym": own}, *TOOLS[1:]]
    (tmp_path / "tools.json").write_text(json.dumps({"tools": tools, "version": 2}))
    sop = "# Orders\n\nVerify the customer before cancelling an order.\n\n```rules\nnever: refund_order\n```\n"
    (tmp_path / "sop.md").write_text(sop)
    made = new_domain("Orders", tmp_path / "tools.json", tmp_path / "sop.md", tmp_path / "new")
    written = json.loads((made.folder / "tools.json").read_text())
    assert written["version"] == 2
    assert written["tools"][0]["x-ccgym"] == own
    assert "papers" in ccgym.load_domain(made.folder).state["tables"]
    assert (made.folder / "sop.md").read_text() == sop


def test_references_keep_the_rules_that_the_author_has_written(tmp_path):
    (tmp_path / "tools.json").write_text(json.dumps(TOOLS))
    rules = "- {before: cancel_order, require: {call: get_order, same: [order_id]}}\n"
    rules += "- {before: cancel_order, confirm: {terms: [order_id]}}\n"
    (tmp_path / "sop.md").write_text(f"Look first, ask, and then cancel.\n\n```rules\n{rules}```\n")
    made = new_domain("Orders", tmp_path / "tools.json", tmp_path / "sop.md", tmp_path / "new")
    assert made.untested == []
    assert set(earned(made.folder, "oracle").values()) == {1.0}


def test_a_page_for_the_author_lists_guesses_and_what_to_settle(made):
    page = (made("telecom_vn").folder / "AUTHOR.md").read_text(encoding="utf-8")
    assert "| huy_don_hang_sim | write | the verb 'huy' of its name |" in page
    assert "line 7: `doi_goi_cuoc` only after `xac_minh_chu_thue_bao`" in page
    assert "line 19: “Tuyệt đối không đọc mã OTP cho khách.”" in page
    assert "`tam_ngung_thue_bao` does not write `ly_do`" in page
    page = (made("clinic").folder / "AUTHOR.md").read_text(encoding="utf-8")
    assert "`appointment_reschedule` waits for a status, and no rule asks that anybody looked" in page


# --- 5: bad input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tools", "sop", "words"),
    [
        ("{", "Text.", ["tools.json:1", "bad JSON"]),
        ('[\n  {"name": "f" "x": 1}\n]', "Text.", ["tools.json:2", "column 16"]),
        ("[]", "Text.", ["holds no tools"]),
        ('{"a": 1}', "Text.", ["must be a list of tools"]),
        ('[{"name": "get order", "parameters": {}}]', "Text.", ["must be a name", "/0/name"]),
        ('["get_order"]', "Text.", ["must be an object"]),
        ('[{"name": "f"}, {"name": "f"}]', "Text.", ["a second tool 'f'"]),
        (json.dumps(TOOLS), "  \n\n", ["the SOP is empty", "sop.md"]),
        (None, "Text.", ["no such file", "tools.json"]),
        (json.dumps(TOOLS), None, ["no such file", "sop.md"]),
        (json.dumps(TOOLS), b"ok\n\xff\xfe", ["sop.md:2", "not UTF-8"]),
    ],
)
def test_bad_files_are_told_with_place_and_fix(tmp_path, tools, sop, words):
    for name, text in (("tools.json", tools), ("sop.md", sop)):
        if text is not None:
            (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(CcgymError) as caught:
        new_domain("Orders", tmp_path / "tools.json", tmp_path / "sop.md", tmp_path / "new")
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert {path.name for path in tmp_path.iterdir()} <= {"tools.json", "sop.md"}


@pytest.mark.parametrize("name", ["", "1st", "Đơn hàng", "a/b", "../x", "x" * 65, "-h."])
def test_a_name_that_cannot_be_one_is_refused(name, tmp_path):
    with pytest.raises(CcgymError, match="cannot be the name of a domain"):
        new_domain(name, out=tmp_path / "new")
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten(tmp_path, made):
    (tmp_path / "kept.md").write_text("mine")
    for place in (tmp_path, tmp_path / "kept.md"):
        with pytest.raises(CcgymError, match="nothing is overwritten"):
            new_domain("Orders", out=place)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.md"]


def test_one_file_alone_is_not_enough(tmp_path):
    with pytest.raises(CcgymError, match="--sop"):
        new_domain("Orders", FILES / "bank" / "tools.json", None, tmp_path / "new")


def test_the_command_makes_a_domain_and_says_what_it_guessed(tmp_path, capsys):
    desk = FILES / "bank"
    asked = ["new", "domain", "Bank", "--from", str(desk / "tools.json"), "--sop", str(desk / "sop.md")]
    assert run([*asked, "--out", str(tmp_path / "bank")]) == 0
    said = capsys.readouterr().out
    assert "BlockCard" in said
    assert "AUTHOR.md" in said
    assert run([*asked, "--out", str(tmp_path / "bank")]) == 2
    assert "exists already" in capsys.readouterr().err
    assert run([*asked, "--out", str(tmp_path / "more"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["tasks"]["train"] > 0
    assert {"name", "effect", "why", "mock", "terminal"} == told["tools"][0].keys()
