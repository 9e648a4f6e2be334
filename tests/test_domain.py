"""A domain folder is read whole, becomes one immutable Domain, and every task of it can be trusted.

1. A folder with no Python at all is a domain: a CSV, declarative mocks, an SOP, tasks.
2. A Domain is the same object as long as nothing of its folder changes; its digest is of what shapes episodes.
3. Text is kept in Unicode normal form C.
4. The agent reads the SOP without `rules` blocks, then its tools.
5. Templates give the same task for ever, and none of train's contents elsewhere.
"""

from __future__ import annotations

import json
import os
import pickle
import unicodedata
from dataclasses import replace

import pytest
from domains import SOP, TASKS, TOOLS, orders_csv, write_domain

from ccgym.domain import Task, check_domain, load_domain
from ccgym.domain.templates import held_out
from ccgym.errors import DomainError
from ccgym.plugins import unregister


@pytest.fixture
def folder(tmp_path):
    return write_domain(tmp_path / "orders")


def tasks_with(**change):
    """The tasks as text, with fields of the first one replaced."""
    return "".join(json.dumps({**task, **(change if index == 0 else {})}) + "\n" for index, task in enumerate(TASKS))


def task_content(fields):
    return Task.model_validate(fields).content_digest


def task_of(**change):
    return Task.model_validate({**TASKS[0], **change})


# --- 1. a domain with no Python ---------------------------------------------------------------------------------------


def test_a_folder_of_csv_json_and_markdown_is_a_domain(folder):
    domain = load_domain(folder)
    assert (domain.name, domain.version, domain.language) == ("Orders", "1.0.0", "en")
    assert len(domain.state["tables"]["orders"]) == 150
    assert domain.state["tables"]["orders"]["W1001"] == {
        "order_id": "W1001", "customer": "Khách 1", "status": "shipped", "total": 1.5, "gift": True, "zip": "00001",
    }  # fmt: skip
    assert list(domain.tools) == ["get_order", "cancel_order"]
    assert [task.id for task in domain.split("train")] == ["cancel-1"]
    assert [task.id for task in domain.split("test")] == ["cancel-2"]
    assert domain.task("cancel-1").basis == ("state", "say", "asserts", "sop")
    assert not [finding for finding in check_domain(folder) if finding.severity != "notice"]


def test_the_references_of_a_domain_without_python_are_right(folder):
    import ccgym

    env = ccgym.make(folder)
    for task in env.domain.tasks.values():
        episode = ccgym.enact(env.domain, task, task.expect.actions, task.expect.say)
        assert episode.rewards["correctness"] == 1.0


def test_the_shortest_domain_is_a_name_an_sop_and_tools(tmp_path):
    small = {"domain_yaml": "name: Small", "sop_md": "Be brief.", "tools_json": []}
    folder = write_domain(tmp_path, **small, tables__orders_csv=None, tasks_jsonl=None)
    domain = load_domain(folder)
    assert domain.state == {"tables": {}, "user": {}}
    assert domain.tasks == {}
    assert domain.spec.limits.max_errors == 5


# --- 2. identity ------------------------------------------------------------------------------------------------------


def test_an_unchanged_folder_is_read_once(folder, monkeypatch):
    domain = load_domain(folder)
    assert load_domain(str(folder)) is domain
    monkeypatch.chdir(folder.parent)
    assert load_domain("orders") is domain
    assert pickle.loads(pickle.dumps(domain)) is domain


@pytest.mark.parametrize("name", ["tasks.jsonl", "sop.md", "domain.yaml", "tools.json", "tables/orders.csv"])
def test_a_changed_file_is_read_again(folder, name):
    domain = load_domain(folder)
    path = folder / name
    path.write_text(path.read_text() + "\n")
    assert load_domain(folder) is not domain


def test_a_new_table_is_seen(folder):
    before = load_domain(folder)
    (folder / "tables" / "people.csv").write_text("id,name\n1,An\n")
    assert "people" in load_domain(folder).state["tables"]
    assert "people" not in before.state["tables"]


@pytest.mark.parametrize(
    "change",
    [
        {"sop_md": SOP + "One more rule.\n"},
        {"sop_md": SOP.replace("require: get_order", "require: {tried: get_order}")},
        {"tasks_jsonl": tasks_with(tags=["x"])},
        {"tasks_jsonl": tasks_with(split="test")},
        {"tables__orders_csv": orders_csv(151)},
        {"tools_json": [*TOOLS, {"name": "ping", "x-ccgym": {"mock": {"kind": "respond", "return": 1}}}]},
        {"domain_yaml": "name: Orders\nversion: 1.0.0\nlimits: {max_steps: 7}\n"},
        {"domain_yaml": "name: Orders\nversion: 1.0.0\nprompt: {tools: names}\n"},
        {"domain_yaml": "name: Orders\nversion: 1.0.0\nusers: {sim: {patience: 3}}\n"},
        {"state_json": {"user": {"phone": "1"}}},
        {"sop_digest_md": "Be brief."},
    ],
)
def test_the_digest_changes_with_what_shapes_an_episode(tmp_path, change):
    other = load_domain(write_domain(tmp_path / "b", **change))
    assert load_domain(write_domain(tmp_path / "a")).digest != other.digest


@pytest.mark.parametrize(
    "change",
    [
        {"domain_yaml": "description: Other words.\nversion:   1.0.0\nlicense: GPL-3.0\n\nname: Orders # here\n"},
        {"tools_json": json.dumps(TOOLS, indent=4)},
        {"tasks_jsonl": "\n" + tasks_with().replace("\n", "\n\n")},
        {"tables__orders_csv": orders_csv().replace("\n", "\r\n")},
        {"domain_yaml": "name: Orders\nversion: 1.0.0\nsop: [rules.md]\n", "sop_md": None, "rules_md": SOP},
        {"domain_yaml": "name: Orders\nversion: 1.0.0\ntools: all.json\n", "tools_json": None, "all_json": TOOLS},
    ],
)
def test_the_digest_does_not_change_with_layout_and_names_of_files(tmp_path, change):
    other = load_domain(write_domain(tmp_path / "b", **change))
    assert load_domain(write_domain(tmp_path / "a")).digest == other.digest


# --- 3. text ----------------------------------------------------------------------------------------------------------


def test_vietnamese_in_any_form_is_kept_in_normal_form_c(tmp_path):
    nfd = unicodedata.normalize("NFD", "Nguyễn Thị Hồng: huỷ đơn giúp mình với ạ")
    nfc = unicodedata.normalize("NFC", nfd)
    task = {**TASKS[0], "user": {"first_message": nfd, "known": {nfd: nfd}, "sim": {"tell": {nfd: nfd}}}}
    task["expect"] = {**task["expect"], "say": [nfd], "output": {nfd: [nfd]}}
    folder = write_domain(
        tmp_path, tasks_jsonl=json.dumps(task, ensure_ascii=False), sop_md=nfd,
        tables__orders_csv=f"id,{nfd}\nW1000,{nfd}\n", state_json={"user": {nfd: {nfd: nfd}}},
    )  # fmt: skip
    domain = load_domain(folder)
    found = domain.tasks["cancel-1"]
    assert found.user.first_message == nfc
    assert found.user.known == {nfc: nfc}
    assert found.as_json()["user"]["sim"]["tell"] == {nfc: nfc}
    assert found.expect.say == (nfc,)
    assert found.expect.output == {nfc: [nfc]}
    assert domain.sop == nfc
    assert domain.state["tables"]["orders"] == {"W1000": {"id": "W1000", nfc: nfc}}
    assert domain.state["user"] == {nfc: {nfc: nfc}}


# --- 4. what the agent reads ------------------------------------------------------------------------------------------


def test_the_agent_reads_the_sop_without_rules_then_the_schemas(folder):
    domain = load_domain(folder)
    prompt = domain.system_prompt(domain.task("cancel-1"))
    head, _, tools = prompt.partition("\n\n# Tools\n")
    assert head == "# Orders\n\nOnly open orders can be cancelled.\n\nBe brief."
    lines = tools.splitlines()
    assert [json.loads(line)["name"] for line in lines[1:]] == ["get_order", "cancel_order"]
    assert "x-ccgym" not in prompt
    assert "```rules" in domain.sop_sources["sop.md"]


def test_a_small_model_reads_the_digest_and_the_names_of_tools(tmp_path):
    settings = "name: Orders\nprompt: {sop: digest, tools: names}\n"
    domain = load_domain(write_domain(tmp_path, domain_yaml=settings, sop_digest_md="Cancel open orders only.\n"))
    prompt = domain.system_prompt(domain.task("cancel-1"))
    assert prompt == "Cancel open orders only.\nget_order(order_id)\ncancel_order(order_id)"


def test_a_task_may_leave_tools_out(tmp_path):
    change = {"tools_allow": ["get_order"], "expect": {"actions": [], "refuse": True}}
    domain = load_domain(write_domain(tmp_path, tasks_jsonl=tasks_with(**change)))
    assert [tool.name for tool in domain.tools_for(domain.task("cancel-1"))] == ["get_order"]
    assert "cancel_order" not in domain.system_prompt(domain.task("cancel-1")).partition("# Tools")[2]
    assert "cancel_order" in domain.system_prompt(domain.task("cancel-2"))


def test_the_customers_tools_are_not_the_agents(tmp_path):
    phone = {"name": "restart", "description": "x", "x-ccgym": {
        "requestor": "user", "effect": "write",
        "mock": {"kind": "update", "table": "phone", "key": "mine", "set": {"on": True}}}}  # fmt: skip
    state = {"user": {"phone": {"mine": {"on": False}}}}
    domain = load_domain(write_domain(tmp_path, tools_json=[*TOOLS, phone], state_json=state))
    task = domain.task("cancel-1")
    assert "restart" not in [tool.name for tool in domain.tools_for(task)]
    assert [tool.name for tool in domain.tools_for(task, "user")] == ["restart"]


@pytest.mark.parametrize("fence", ["```rules", "~~~rules", "````rules strict", "``` rules"])
def test_a_rules_block_is_left_out_however_it_is_fenced(tmp_path, fence):
    marks = fence[: len(fence) - len(fence.lstrip("`~"))]
    sop = f"Before.\n\n{fence}\nnever: cancel_order\n{marks}\n\nAfter.\n\n```json\n{{}}\n```\n"
    assert load_domain(write_domain(tmp_path, sop_md=sop)).sop == "Before.\n\nAfter.\n\n```json\n{}\n```"


def test_several_sop_files_are_read_in_order(tmp_path):
    settings = "name: Orders\nsop: [a.md, b.md]\n"
    assert load_domain(write_domain(tmp_path, domain_yaml=settings, a_md="One.\n", b_md="Two.\n")).sop == "One.\n\nTwo."


# --- tasks ------------------------------------------------------------------------------------------------------------


def test_splits_may_be_given_by_globs(tmp_path):
    settings = "name: Orders\nsplits: {valid: [cancel-2], train: ['*-1']}\n"
    domain = load_domain(write_domain(tmp_path, domain_yaml=settings))
    assert {task.id: task.split for task in domain.tasks.values()} == {"cancel-1": "train", "cancel-2": "valid"}
    assert domain.task("cancel-2").as_json()["split"] == "valid"


def test_the_domains_customer_lies_under_the_tasks(tmp_path):
    sim = '{asks: {phone: [số], order_id: [mã]}, tell: {phone: "It is {phone}."}, done: statement}'
    settings = f"name: Orders\nusers: {{sim: {sim}}}\n"
    user = {"first_message": "Hi", "sim": {"asks": {"order_id": ["đơn"]}, "patience": 1}}
    domain = load_domain(write_domain(tmp_path, domain_yaml=settings, tasks_jsonl=tasks_with(user=user)))
    assert domain.task("cancel-1").as_json()["user"]["sim"] == {
        "asks": {"phone": ["số"], "order_id": ["đơn"]}, "tell": {"phone": "It is {phone}."}, "done": "statement",
        "patience": 1,
    }  # fmt: skip
    other = domain.adopt({**TASKS[0], "user": {"sim": {"kind": "static", "lines": ["Bye"]}}})
    assert other.as_json()["user"]["sim"] == {"kind": "static", "lines": ["Bye"]}


def test_a_task_is_plain_json_without_defaults_and_comes_back_the_same():
    task = task_of(limits={"max_steps": 3}, init={"patch": [{"op": "add", "path": "/tables/a", "value": None}]})
    assert Task.model_validate(task.as_json()) == task
    assert json.loads(json.dumps(task.as_json())) == task.as_json()
    assert "split" not in task.as_json()
    assert "meta" not in task.as_json()


def test_a_replaced_task_has_a_digest_of_its_own():
    task = task_of()
    before = (task.digest, task.content_digest, task.as_json())
    other = task.replace(id="x", split="test")
    assert other.as_json()["id"] == "x"
    assert other.digest != task.digest
    assert other.content_digest == task.content_digest
    assert (task.digest, task.content_digest, task.as_json()) == before


def test_limits_of_a_task_lie_over_the_domains(folder):
    domain = load_domain(folder)
    limits = domain.limits(task_of(limits={"max_steps": 3}))
    assert (limits.max_steps, limits.max_errors, limits.max_chars) == (3, 5, 20_000)


@pytest.mark.parametrize(
    ("expect", "basis"),
    [
        ({}, ("state", "sop")),
        ({"say": ["x"], "judge": ["polite?"], "output": {"a": 1}}, ("state", "say", "output", "judge", "sop")),
        ({"asserts": [{"probe": "p"}]}, ("state", "asserts", "sop")),
    ],
)
def test_the_basis_of_correctness_follows_from_what_is_expected(expect, basis):
    assert task_of(expect=expect).basis == basis
    assert task_of(expect=expect, reward_basis=["say"]).basis == ("say",)


def test_a_task_given_whole_is_adopted_once_and_again_when_anything_of_it_differs(folder):
    domain, given = load_domain(folder), {**TASKS[0], "id": "mine", "meta": {"n": 1}}
    mine = domain.task(given)
    assert domain.task(json.loads(json.dumps(given))) is mine
    for n in (2, 1.0, True):
        other = domain.task({**given, "meta": {"n": n}})
        assert other is not mine
        assert type(other.meta["n"]) is type(n)
    given["meta"]["n"] = 7
    assert domain.task(given).meta == {"n": 7}
    assert mine.meta == {"n": 1}


def test_a_task_given_whole_is_checked_like_one_of_the_folder(folder):
    domain = load_domain(folder)
    assert domain.task({**TASKS[0], "id": "mine"}).id == "mine"
    with pytest.raises(DomainError, match=r"no tool 'cancel_ordr'\. Did you mean 'cancel_order'"):
        domain.task({"id": "a", "expect": {"actions": [{"name": "cancel_ordr"}]}})
    with pytest.raises(DomainError, match=r"no task 'cancel-9'\. Did you mean 'cancel-"):
        domain.task("cancel-9")


# --- 5. templates -----------------------------------------------------------------------------------------------------


@pytest.fixture
def drawn(folder):
    """A function of a template that gives a domain which has it."""

    def give(fn, name="t"):
        return replace(load_domain(folder), templates={name: fn})

    return give


def cancel(rng):
    order = f"W{1000 + 3 * rng.randrange(50)}"
    actions = [{"name": "cancel_order", "args": {"order_id": order}}]
    return {"user": {"first_message": f"Cancel {order}."}, "expect": {"actions": actions, "say": ["cancelled"]}}


def test_a_seed_gives_the_same_task_for_ever(drawn):
    domain = drawn(cancel)
    task = domain.draw("t", "train", 7)
    assert (task.id, task.split) == ("t/train/7", "train")
    assert domain.task("t/train/7") is task
    assert drawn(cancel).draw("t", "train", 7) == task
    assert [t.id for t in domain.stream_tasks("test", 3, 5)] == ["t/test/5", "t/test/6", "t/test/7"]


def test_nothing_of_train_occurs_in_another_split(drawn):
    domain = drawn(cancel)
    train, test, valid = (
        {domain.draw("t", split, seed).content_digest for seed in range(150)} for split in ("train", "test", "valid")
    )
    assert not train & (test | valid)
    assert len(test) > 3


def test_a_draw_repeats_no_written_task_of_the_other_side(drawn, tmp_path):
    domain = drawn(cancel)
    twin = domain.draw("t", "train", 0)
    written = json.dumps({**twin.as_json(), "id": "twin", "split": "test"})
    other = load_domain(write_domain(tmp_path / "twin", tasks_jsonl=written))
    other = replace(other, templates={"t": cancel})
    assert twin.content_digest in {domain.draw("t", "train", seed).content_digest for seed in range(40)}
    assert twin.content_digest not in {other.draw("t", "train", seed).content_digest for seed in range(40)}


def test_streams_take_the_templates_in_turn(folder):
    domain = replace(load_domain(folder), templates={"b": cancel, "a": cancel})
    ids = [task.id for task in domain.stream_tasks("train", 4)]
    assert ids == ["a/train/0", "b/train/0", "a/train/1", "b/train/1"]


def test_a_template_with_too_few_tasks_says_so(drawn):
    domain = drawn(lambda rng: {"tags": ["always the same"]})
    side = "test" if held_out(task_content({"tags": ["always the same"]})) else "train"
    assert domain.draw("t", side, 0).split == side
    with pytest.raises(DomainError, match="It yields too few different tasks"):
        domain.draw("t", {"train": "test", "test": "train"}[side], 0)


@pytest.mark.parametrize(
    ("fn", "message"),
    [
        (lambda rng: 1 / 0, "template 't': seed 3 raises ZeroDivisionError: division by zero"),
        (lambda rng: ["x"], "template 't': found a list of 1, must be a Task or a dict"),
        (lambda rng: {"speed": rng.random()}, "template 't' seed 3 /speed: unknown field 'speed'"),
        (lambda rng: {"tags": [str(rng.random())], "expect": {"actions": [{"name": "get_ordr"}]}},
         "template 't' seed 3 /expect/actions/0/name: no tool 'get_ordr'. Did you mean 'get_order'?"),
    ],
)  # fmt: skip
def test_a_template_that_fails_is_named_with_its_seed(drawn, fn, message):
    with pytest.raises(DomainError) as caught:
        drawn(fn).draw("t", "train", 3)
    assert str(caught.value).startswith(message)


def test_templates_come_from_the_registry_under_the_domains_name(folder):
    import ccgym

    class Plugin:
        @ccgym.hookimpl
        def register_templates(self, register):
            register("Orders", "cancel", cancel)

    plugin = Plugin()
    before = load_domain(folder)
    ccgym.register(plugin)
    try:
        domain = load_domain(folder)
        assert domain is not before
        assert list(domain.templates) == ["cancel"]
        assert domain.digest != before.digest
    finally:
        unregister(plugin)
    assert load_domain(folder).digest == before.digest


@pytest.mark.skipif(os.name == "nt", reason="needs symbolic links")
def test_a_link_inside_the_folder_is_a_file_of_it(folder):
    (folder / "other.md").write_text("Linked.\n")
    (folder / "sop.md").unlink()
    (folder / "sop.md").symlink_to("other.md")
    assert load_domain(folder).sop == "Linked."
