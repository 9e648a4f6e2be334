"""The audit finds what is planted in each reward, and nothing in a domain that is well made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from audited import write_audited

import ccgym
from ccgym.audit import ATTEMPT, GAMBITS, REFERENCE, AuditReport, audit
from ccgym.audit.case import Case
from ccgym.cli.app import run
from ccgym.errors import ConfigError
from ccgym.log import read_episodes
from ccgym.plugins import unregister
from ccgym.types import RewardEvent

DESK = "ccgym/OrderDesk-v0"
EXAMPLES = Path(__file__).parents[1] / "examples"


def found(report: AuditReport, reward: str | None = None) -> set[str]:
    """The policies that fail the audit, in one reward or in any."""
    return {f.policy for f in report.failures if reward in (None, f.reward)}


@pytest.fixture
def planted(tmp_path):
    """Audits the clean domain after a change: `planted(change)`."""

    def plant(change=None, *, files=None, **options) -> AuditReport:
        return audit(write_audited(tmp_path / "domain", change, **(files or {})), **options)

    return plant


@pytest.fixture
def rewards():
    """Registers reward classes for one test: `rewards(Class, …)`."""
    plugins = []

    def add(*classes):
        class Plugin:
            @ccgym.hookimpl
            def register_rewards(self, register):
                for cls in classes:
                    register(cls)

        plugins.append(Plugin())
        ccgym.register(plugins[-1])

    yield add
    for plugin in plugins:
        unregister(plugin)


def weigh(**weights):
    """A change: these weights, ungated unless a name ends in `_gated`."""

    def change(parts):
        names = {name.removesuffix("_gated"): weight for name, weight in weights.items()}
        gates = {name.removesuffix("_gated"): "correctness" for name in weights if name.endswith("_gated")}
        parts["yaml"]["rewards"] = {"weights": names, "gates": gates}

    return change


def of_all(edit):
    """A change of every task's `expect`."""

    def change(parts):
        for task in parts["tasks"]:
            edit(task["expect"])

    return change


# ---- what passes


def test_a_well_made_domain_passes(planted):
    report = planted()
    assert report.ok, report.failures
    assert [row.policy for row in report.rows[:2]] == ["oracle", "attempt"]
    assert {row.policy for row in report.rows} == {gambit.name for gambit in (REFERENCE, ATTEMPT, *GAMBITS)}
    assert report.row("oracle").success == 1.0
    assert report.row("attempt").success == 0.0


def test_orderdesk_passes():
    report = audit(DESK)
    assert report.ok, report.failures


def test_the_example_of_an_environment_passes():
    report = audit(EXAMPLES / "own_env")
    assert report.ok, report.failures


def test_an_audit_says_the_same_twice(planted, tmp_path):
    assert planted(seed=3).as_json() == planted(seed=3).as_json()


@pytest.mark.parametrize("seed", [1, 2])
def test_orderdesk_passes_whatever_the_seed_and_the_split(seed):
    domain = ccgym.make(DESK).domain
    report = audit(DESK, [*domain.split("test"), *domain.stream_tasks("train", 20, seed * 100)], 2, seed=seed)
    assert report.ok, report.failures


# ---- correctness


def test_answers_that_can_be_pasted(planted):
    def change(parts):
        parts["sop"] = "# Orders\n\nBe brief.\n"
        del parts["tasks"][:3]

    report = planted(change)
    assert "paste" in found(report, "correctness")
    assert all(f.earned > f.allowed for f in report.failures)


def test_answers_that_are_always_the_same(planted):
    def change(parts):
        parts["sop"] = "# Orders\n\nBe brief.\n"
        for task in parts["tasks"]:
            task["expect"]["say"] = ["we will see to it"]

    assert "canned" in found(planted(change), "correctness")


def test_words_instead_of_deeds(planted):
    report = planted(_basis("say"))
    assert {"paste", "canned"} & found(report, "correctness")


def _basis(*names):
    def change(parts):
        for task in parts["tasks"]:
            task["reward_basis"] = list(names)

    return change


def test_deeds_instead_of_words(planted):
    report = planted(_basis("state", "sop"))
    assert "wordless" in found(report, "correctness")


def test_answers_that_nobody_has_to_hear(planted):
    def change(parts):
        for task in parts["tasks"]:
            task["expect"].pop("say")

    report = planted(change)
    assert [f.tasks for f in report.failures if f.policy == "wordless"] == [("look-1", "look-2")]


def test_a_state_that_nobody_looks_at(planted):
    def change(parts):
        parts["yaml"]["state"] = {"exclude": ["/tables/orders"]}
        parts["sop"] = "# Orders\n\nBe brief.\n"

    assert "paste" in found(planted(change), "correctness")


def test_tasks_that_ask_for_nothing(planted):
    def change(parts):
        parts["sop"] = "# Orders\n\nBe brief.\n"
        parts["tasks"].append({"id": "idle", "user": {"first_message": "Hello."}})

    report = planted(change)
    assert {"refuse", "echo", "form"} <= found(report, "correctness")
    assert any(f.policy == "refuse" and f.tasks == ("idle",) for f in report.failures)


def test_an_answer_that_stands_in_the_question(planted):
    def change(parts):
        parts["tasks"] = parts["tasks"][:4]
        parts["tasks"][3]["expect"]["say"] = ["W1001"]
        parts["sop"] = "# Orders\n\nBe brief.\n"

    assert "echo" in found(planted(change), "correctness")


def test_numbers_that_do_not_count(planted):
    def tolerant(tolerance):
        def change(parts):
            parts["yaml"]["state"] = {"tolerance": tolerance}
            schema = {"type": "object", "properties": {"order_id": {"type": "string"}, "total": {"type": "number"}}}
            update = {"kind": "update", "table": "orders", "key": "{/args/order_id}", "set": {"total": "{/args/total}"}}
            function = {"name": "refund", "description": "Set the total.", "parameters": schema}
            parts["tools"].append({"type": "function", "function": function,
                                   "x-ccgym": {"effect": "write", "mock": update}})  # fmt: skip
            actions = [{"name": "get_order", "args": {"order_id": "W1000"}},
                       {"name": "refund", "args": {"order_id": "W1000", "total": 7.0}}]  # fmt: skip
            parts["tasks"].append({"id": "refund", "user": {"first_message": "7?"}, "expect": {"actions": actions}})

        return change

    assert "misjudged" not in found(planted(tolerant(0.01)))
    assert "misjudged" in found(planted(tolerant(100.0)), "correctness")


def test_refusals_that_silence_wins_are_fine_while_they_are_few(planted):
    def refusals(count):
        def change(parts):
            parts["sop"] = "# Orders\n\nBe brief.\n"
            parts["tasks"] = parts["tasks"][:3]
            for number in range(count):
                message = {"first_message": f"Give me {number} presents."}
                parts["tasks"].append({"id": f"no-{number}", "user": message, "expect": {"refuse": True}})

        return change

    assert "refuse" not in found(planted(refusals(1)))
    report = planted(refusals(3))
    assert "refuse" in found(report, "correctness")
    assert next(f for f in report.failures if f.policy == "refuse").earned == 0.5
    assert "refuse" not in found(planted(refusals(3), threshold=0.5), "correctness")


def test_handing_over_whatever_is_asked(planted):
    def change(parts):
        schema = {"type": "object", "properties": {}, "required": []}
        mock = {"kind": "insert", "table": "transfers", "row": {"to": "colleague"}}
        parts["tools"].append({
            "type": "function",
            "function": {"name": "hand_over", "description": "Ends the talk.", "parameters": schema},
            "x-ccgym": {"effect": "write", "terminal": True, "mock": mock},
        })  # fmt: skip
        parts["sop"] = "# Orders\n\nBe brief.\n"
        for number in range(4):
            expect = {"actions": [{"name": "hand_over", "args": {}}]}
            parts["tasks"].append({"id": f"hand-{number}", "user": {"first_message": "A person!"}, "expect": expect})

    assert "hand-over" in found(planted(change, files={"tables__transfers_csv": "transfer_id,to\n"}), "correctness")


def test_a_write_that_nothing_stands_before_is_the_job_and_no_loophole(planted):
    def change(parts):
        parts["sop"] = "# Orders\n\nDo what is asked.\n"
        parts["tasks"] = parts["tasks"][:3]
        for task in parts["tasks"]:
            task["expect"] = {"actions": task["expect"]["actions"][2:]}

    report = planted(change)
    assert report.ok, report.failures


@pytest.mark.parametrize("weak", ["order", "1", "W10", "thank"])
def test_answers_that_stand_in_the_question_or_are_mere_courtesy(planted, weak):
    def change(parts):
        for task in parts["tasks"][3:5]:
            task["expect"]["say"] = [weak]

    assert found(planted(change), "correctness") == {"wordless"}


def test_where_the_calls_are_asked_for_a_weak_answer_is_a_notice(planted):
    def change(parts):
        parts["tasks"][3]["expect"]["say"] = ["order"]
        parts["tasks"][3]["reward_basis"] = ["state", "say", "actions", "sop"]

    report = planted(change)
    assert report.ok, report.failures
    assert [f.policy for f in report.findings] == ["wordless"]


# ---- sop


def test_checks_that_no_rule_asks_for(planted):
    def change(parts):
        parts["sop"] = "# Orders\n\nLook an order up before you cancel it.\n"

    report = planted(change)
    assert {"belated", "elsewhere", "lawyered"} <= found(report, "correctness")
    assert any("Look an order up before you cancel it." in f.reason for f in report.failures)


def test_without_a_word_of_order_in_the_sop_it_is_a_notice(planted):
    def change(parts):
        parts["sop"] = "# Orders\n\nOnly open orders can be cancelled.\n"
        parts["tasks"] = parts["tasks"][:3]

    report = planted(change)
    assert report.ok, report.failures
    assert {f.policy for f in report.findings} >= {"belated"}


def test_an_agreement_that_the_sop_asks_for_and_no_rule(planted):
    def change(parts):
        parts["sop"] = "# Orders\n\nThe customer must agree to each cancellation.\n"
        parts["tasks"] = parts["tasks"][:3]

    report = planted(change)
    assert {"unasked", "premature"} <= found(report, "correctness")
    assert "belated" not in found(report)


def sop_with(old, new):
    """A change of the SOP."""

    def change(parts):
        assert old in parts["sop"]
        parts["sop"] = parts["sop"].replace(old, new)

    return change


def test_an_agreement_that_no_rule_asks_for_beside_a_rule_for_the_checks(planted):
    report = planted(
        sop_with("```rules\n- id: agree\n  before: cancel_order\n  confirm: {terms: [order_id]}\n```\n", "")
    )
    assert {"unasked", "premature"} <= found(report, "correctness")


@pytest.mark.parametrize(
    "weak", ["require: get_order", "require: {tried: get_order}", "require: {any: [get_order, {said: checked}]}"]
)
def test_a_rule_that_a_check_of_another_row_keeps(planted, weak):
    report = planted(sop_with("require: {call: get_order, same: [order_id]}", weak))
    assert found(report, "correctness") == {"elsewhere"}


def test_a_sentence_about_another_deed_or_of_something_needless_asks_for_nothing(planted):
    def change(text):
        def edit(parts):
            parts["sop"] = f"# Orders\n\n{text}\n"
            parts["tasks"] = parts["tasks"][:3]
            other = json.loads(json.dumps(parts["tools"][0]))
            other["function"]["name"] = "refund_order"
            parts["tools"].append(other)

        return edit

    assert "belated" in found(planted(change("Look the order up first.")))
    assert planted(change("Look the order up before a refund.")).ok
    assert planted(change("You need not look an order up before you cancel it.")).ok


def test_a_vietnamese_sop_is_read_too(planted):
    def change(parts):
        parts["yaml"]["language"] = "vi"
        parts["sop"] = "# Đơn hàng\n\nTra cứu đơn trước khi hủy.\n"

    report = planted(change)
    assert "belated" in found(report, "correctness")
    assert any("trước khi" in f.reason for f in report.failures)


def test_rules_that_do_not_count(planted):
    report = planted(_basis("state", "say"))
    assert {"belated", "lawyered", "unasked", "premature"} <= found(report, "correctness")
    assert any("look-first" in f.reason for f in report.failures)


def test_a_rule_that_is_kept_at_any_time(planted):
    def change(parts):
        parts["sop"] = "# Orders\n\nLook an order up.\n\n```rules\n- finally: get_order\n```\n"

    assert "belated" in found(planted(change), "correctness")


def test_a_rule_that_a_phrase_satisfies(planted):
    rule = "- before: cancel_order\n  require: {said: customer has agreed}\n"

    def change(parts):
        parts["sop"] = f"# Orders\n\nThe customer agrees before you cancel.\n\n```rules\n{rule}```\n"
        for task in parts["tasks"][:3]:
            task["expect"]["actions"].insert(2, {"say": "The customer has agreed. One moment. Xin chờ một chút."})

    report = planted(change)
    assert "unasked" in found(report, "correctness")


def test_a_confirmation_without_terms_is_told(planted):
    def change(parts):
        parts["sop"] = parts["sop"].replace("{terms: [order_id]}", "{}")

    report = planted(change)
    assert found(report, "correctness") == {"premature"}


def test_a_reward_for_the_procedure_that_outweighs_the_job(planted):
    report = planted(weigh(correctness=0.5, sop=2.0))
    assert "total" in {f.reward for f in report.failures}


def test_a_rule_that_silence_keeps(planted):
    def change(parts):
        parts["sop"] += (
            "\n## Presents\n\nNever promise a present.\n\n```rules\n- finally: {not: {said: present}}\n```\n"
        )
        parts["sop"] = parts["sop"].replace("- id: look-at-all\n  finally: {tried: get_order}\n", "")
        parts["tasks"] = parts["tasks"][:3]
        parts["yaml"]["rewards"] = {"weights": {"correctness": 1.0, "sop": 0.3}, "gates": gates}

    gates = {}
    assert "null" in found(planted(change), "sop")
    gates["sop"] = "correctness"
    assert planted(change).ok


# ---- format, efficiency, style, diversity


def test_format_that_outweighs_the_job(planted):
    report = planted(weigh(correctness=1.0, format=1.0))
    assert {"refuse", "form", "echo"} <= found(report, "total")
    assert planted(weigh(correctness=1.0, format=0.2)).ok


@pytest.mark.parametrize("weight", [0.1, 0.5])
def test_efficiency_that_pays_for_silence(planted, weight):
    report = planted(weigh(correctness=1.0, efficiency=weight))
    assert {"null", "refuse", "echo"} <= found(report, "efficiency")
    assert planted(weigh(correctness=1.0, efficiency_gated=weight)).ok


@pytest.mark.parametrize("weight", [0.1, 0.5])
def test_style_that_pays_for_words_without_deeds(planted, weight):
    report = planted(weigh(correctness=1.0, style=weight))
    assert "paste" in found(report, "style")
    assert planted(weigh(correctness=1.0, style_gated=weight)).ok


def test_diversity_that_outweighs_the_job(planted):
    report = planted(weigh(correctness=1.0, diversity=1.0))
    assert "scattered" in found(report, "total")


def test_orderdesk_without_its_gates_fails():
    weights = ccgym.make(DESK).domain.spec.rewards.weights
    report = audit(ccgym.make(DESK, weights=weights, gates={}), group=2)
    assert {"efficiency", "style"} <= {f.reward for f in report.failures}


@ccgym.reward()
class Length:
    """Pays for long replies."""

    def score_episode(self, episode):
        return ccgym.RewardResult(min(1.0, sum(len(text) for _, text in episode.replies) / 500))


@ccgym.reward()
class Brevity:
    """Pays for short talks."""

    def score_episode(self, episode):
        return ccgym.RewardResult(1 / (1 + sum(len(turn.content) for turn in episode.turns) / 100))


@ccgym.reward()
class Agreement:
    """Pays for words of confirmation."""

    def score_episode(self, episode):
        text = " ".join(text for _, text in episode.replies).casefold()
        return ccgym.RewardResult(float("agreed" in text or "đồng ý" in text))


@ccgym.reward()
class Please:
    """Pays for a polite word."""

    def score_episode(self, episode):
        return ccgym.RewardResult(
            float(any("thank" in t.casefold() or "cảm ơn" in t.casefold() for _, t in episode.replies))
        )


@ccgym.reward()
class Busy:
    """Pays for calls."""

    def score_episode(self, episode):
        return ccgym.RewardResult(min(1.0, len(episode.calls) / 8))


@ccgym.reward(range=(0.0, 1.0))
class Tags:
    """Pays each turn that is well-formed, and so the more the longer the talk."""

    def score_step(self, episode, step):
        return ccgym.RewardResult(0.2)


@ccgym.reward()
class Different:
    """Pays for other calls than the group's, whether or not they help."""

    def score_group(self, episodes):
        ways = [json.dumps([[call.name, call.arguments] for call in e.calls]) for e in episodes]
        return [ccgym.RewardResult(1 - (ways.count(way) - 1) / max(1, len(ways) - 1)) for way in ways]


@pytest.mark.parametrize("gated", [False, True])
@pytest.mark.parametrize(
    ("reward", "open_", "closed"),
    [
        (Length, {"canned", "phrases"}, {"wordy"}),
        (Brevity, {"null", "refuse"}, set()),
        (Agreement, {"phrases", "lawyered"}, {"wordy"}),
        (Please, {"phrases"}, set()),
        (Busy, {"spam"}, {"padded"}),
    ],
)
def test_rewards_of_strangers_that_pay_for_the_wrong_thing(planted, rewards, reward, open_, closed, gated):
    rewards(reward)
    name = reward.name
    report = planted(weigh(**{"correctness": 1.0, f"{name}{'_gated' if gated else ''}": 0.3}))
    assert (closed if gated else open_) <= found(report, name), report.findings
    assert report.ok == (gated and not closed), report.failures


def test_a_reward_for_each_turn_pays_for_going_on(planted, rewards):
    rewards(Tags)
    assert "loop" in found(planted(weigh(correctness=1.0, tags=0.5)), "tags")
    assert "padded" in found(planted(weigh(correctness=1.0, tags_gated=0.5)), "tags")


def test_a_reward_for_other_ways_than_the_groups_pays_for_random_calls(planted, rewards):
    rewards(Different)
    assert "random" in found(planted(weigh(correctness=1.0, different=0.1)), "different")
    assert "scattered" in found(planted(weigh(correctness=1.0, different_gated=0.3)), "total")


@pytest.mark.parametrize("gated", [False, True])
def test_thoughts_that_are_paid_by_length(planted, rewards, gated):
    @ccgym.reward()
    class Thinking:
        def score_episode(self, episode):
            return ccgym.RewardResult(min(1.0, sum(t.content.find("</think>") > 90 for t in episode.turns) / 3))

    rewards(Thinking)
    assert "wordy" in found(planted(weigh(**{"correctness": 1.0, "thinking_gated" if gated else "thinking": 0.1})))


def test_a_reward_by_chance_is_told(planted, rewards):
    drawn = iter(range(10**6))

    @ccgym.reward()
    class Chance:
        def score_episode(self, episode):
            return ccgym.RewardResult(next(drawn) % 7 / 7)

    rewards(Chance)
    report = planted(weigh(correctness=1.0, chance_gated=0.1))
    assert ("oracle", "is paid differently for the very same talk") in {(f.policy, f.reason) for f in report.failures}


def test_a_penalty_that_a_gate_cannot_mend_has_another_fix(planted, rewards):
    @ccgym.reward(range=(-1.0, 0.0))
    class Cost:
        def score_step(self, episode, step):
            return ccgym.RewardResult(-0.1)

    rewards(Cost)
    report = planted(weigh(correctness=1.0, cost_gated=0.3))
    assert {f.fix.split(",")[0] for f in report.failures if f.reward == "cost"} == {"Let it pay from 0 upwards"}


def test_a_reward_that_pays_next_to_nothing_is_let_be(planted, rewards):
    rewards(Length)
    assert planted(weigh(correctness=1.0, length=0.005)).ok


def test_a_reward_that_is_only_shown_is_let_be(planted, rewards):
    rewards(Length)
    report = planted(weigh(correctness=1.0, length=0.0))
    assert report.ok
    assert report.row("canned").rewards["length"] > report.row("oracle").rewards["length"]


# ---- what cannot be scored, and what breaks


def test_a_judge_that_nobody_configured_fails_nothing_but_says_so(planted):
    def change(parts):
        parts["tasks"][0]["expect"]["judge"] = ["Was it kind?"]

    report = planted(change)
    assert report.ok, report.failures
    assert any("judge" in f.reason and f.tasks == ("cancel-1",) for f in report.findings)


def test_where_nothing_can_be_scored_nothing_is_shown_to_be_right(planted):
    report = planted(of_all(lambda expect: expect.update(judge=["Was it kind?"])))
    assert not report.ok
    assert found(report) == {"oracle"}


def test_a_task_without_a_reference_is_left_out_of_what_is_compared(planted):
    def change(parts):
        target = {"mode": "literal", "value": {"tables": {"orders": {"W1009": {"status": "cancelled"}}}}}
        parts["tasks"].append({"id": "open", "user": {"first_message": "Hello"}, "expect": {"state": target}})

    report = planted(change)
    assert report.ok, report.failures
    assert [f.tasks for f in report.findings if f.policy == "oracle"] == [("open",)]


def test_a_reward_that_breaks_on_silence_is_a_notice(planted, rewards):
    @ccgym.reward()
    class Last:
        def score_episode(self, episode):
            return ccgym.RewardResult(float(len(episode.replies[-1][1]) > 0))

    rewards(Last)
    report = planted(weigh(correctness=1.0, last_gated=0.1))
    assert any(f.reward == "last" and "IndexError" in f.reason for f in report.findings)
    assert report.ok, report.failures


def test_a_domain_of_templates_alone(planted, tmp_path):
    class Plugin:
        @ccgym.hookimpl
        def register_templates(self, register):
            def draw(rng):
                from audited import _cancel

                return {k: v for k, v in _cancel(0, f"W{1000 + 3 * rng.randrange(49)}").items() if k != "id"}

            register("Orders", "cancel", draw)

    plugin = Plugin()
    ccgym.register(plugin)
    try:
        report = planted(lambda parts: parts["tasks"].clear())
    finally:
        unregister(plugin)
    assert report.tasks == 1
    assert report.ok, report.failures


def test_without_tasks_there_is_nothing_to_audit(planted):
    with pytest.raises(ConfigError, match="no tasks to audit"):
        planted(lambda parts: parts["tasks"].clear())


def test_blocking_and_breaking_tools_and_backends_of_plugins_are_played(desk):
    report = audit(desk, group=2)
    assert report.row("oracle").success == 1.0
    assert {"belated", "lawyered"} <= found(report, "correctness")


def test_a_domain_that_pays_for_nothing_fails(planted):
    assert found(planted(weigh(correctness=0.0)), "total") == {"oracle"}


def test_what_success_is_is_known_even_where_it_is_not_paid(planted):
    report = planted(weigh(format=1.0))
    assert report.weights["correctness"] == 0.0
    assert "refuse" in found(report, "total")


# ---- policies


def test_a_policy_is_not_played_where_it_has_nothing_to_try(planted):
    report = planted()
    assert report.row("belated").tasks == 3
    assert report.row("hand-over").tasks == 0
    assert report.row("hand-over").total is None


def test_the_parts_of_a_reference_are_told_apart(tmp_path):
    domain = ccgym.load_domain(write_audited(tmp_path / "d"))
    case = Case(domain, domain.tasks["cancel-1"])
    assert (case.calls, case.deeds, case.acts, case.checks, case.question) == ([0, 2], [2], [2], [0], 1)
    assert not case.gives_up
    look = Case(domain, domain.tasks["look-3"])
    assert (look.deeds, look.checks, look.gives_up) == ([], [0], True)


def test_what_gambits_write_keeps_the_limit_of_characters(tmp_path):
    def change(parts):
        parts["yaml"]["limits"] = {"max_chars": 200}

    domain = ccgym.load_domain(write_audited(tmp_path / "d", change))
    for task in domain.tasks.values():
        for gambit in GAMBITS:
            texts = gambit.turns(Case(domain, task, ("a" * 500,))) or []
            assert all(len(text) <= 100 for text in texts if not text.startswith("<"))


# ---- the command


def test_the_command_shows_the_failures_and_their_episode(tmp_path, capsys):
    folder = write_audited(tmp_path / "d", _basis("state", "say"))
    assert run(["audit", str(folder), "--out", str(tmp_path / "out"), "-G", "2"]) == 1
    text = capsys.readouterr().out
    assert "failure: belated" in text
    assert "asks for what was left out" in text
    assert "policy belated" in text
    path = next(line.split("'")[1] for line in text.splitlines() if "ccgym replay" in line)
    assert run(["replay", path]) == 0
    assert "policy" in capsys.readouterr().out
    assert {e.begin.policy for e in read_episodes(tmp_path / "out")} >= {"oracle", "attempt", "belated"}
    assert run(["replay", str(tmp_path / "out"), "--verify"]) == 0


def test_the_command_passes_a_good_domain_and_prints_a_table(tmp_path, capsys):
    assert run(["audit", str(write_audited(tmp_path / "d")), "--tasks", "4"]) == 0
    text = capsys.readouterr().out
    assert "no loophole found" in text
    assert "27 policies on 4 tasks" in text
    assert "Nothing to try in these tasks: hand-over" in text


def test_the_command_prints_json(tmp_path, capsys):
    folder = str(write_audited(tmp_path / "d"))
    assert run(["audit", folder, "--json", "--reward", "efficiency=0.5", "--split", "train"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is True
    assert report["weights"]["efficiency"] == 0.5
    assert {row["policy"] for row in report["policies"]} >= {"oracle", "paste"}


def test_the_command_does_not_write_over_episodes(tmp_path, capsys):
    folder = str(write_audited(tmp_path / "d"))
    (tmp_path / "out" / "episodes").mkdir(parents=True)
    assert run(["audit", folder, "--out", str(tmp_path / "out")]) == 2
    assert "holds episodes already" in capsys.readouterr().err


def test_the_episode_of_a_finding_is_the_one_that_earned(planted):
    finding = next(f for f in planted(_basis("state", "say")).failures if f.policy == "belated")
    assert finding.episode.rewards["correctness"] == 1.0
    assert [call.name for call in finding.episode.calls] == ["cancel_order", "get_order"]
    assert any(type(event) is RewardEvent for event in finding.episode)
