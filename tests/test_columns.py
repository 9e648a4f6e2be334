"""Reward columns beside each other: correlations over all and within groups, dead columns, disagreements."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_cli import answered, said

import ccgym
from ccgym.columns import Columns, disagreements, figures, pairs
from ccgym.types import RewardEvent

SOME = st.floats(0, 1).map(lambda value: round(value, 3))


def table(**columns):
    """Columns of these values; `groups` says which group each row is in."""
    groups = columns.pop("groups", None)
    size = len(next(iter(columns.values())))
    made = Columns([f"log#{n}" for n in range(size)], list(groups or [0] * size))
    for name, values in columns.items():
        made.events[name] = [
            RewardEvent(
                episode=n, n=9, step=1, hash="", name=name, value=value, explanation=f"{name} of {n}",
                status="not_applicable" if value is None else "ok",
            )
            for n, value in enumerate(values)
        ]  # fmt: skip
    return made


def only(found):
    assert len(found) == 1
    return found[0]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(SOME, SOME), min_size=3, max_size=20))
def test_over_all_episodes_they_are_pearsons_and_spearmans(rows):
    x, y = zip(*rows, strict=True)
    pair = only(pairs(table(a=x, b=y)))
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert (pair.pearson, pair.spearman, pair.opposed) == (None, None, None)
        return
    assert pair.pearson == pytest.approx(np.corrcoef(x, y)[0, 1], abs=1e-9)
    ranks = [[(sum(v < w for v in side) + sum(v <= w for v in side) - 1) / 2 for w in side] for side in (x, y)]
    assert pair.spearman == pytest.approx(np.corrcoef(*ranks)[0, 1], abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(SOME, SOME), min_size=4, max_size=12), st.floats(-5, 5), st.floats(-5, 5))
def test_within_groups_the_level_of_a_group_counts_for_nothing(rows, up, down):
    x, y = ([row[side] for row in rows] for side in (0, 1))
    groups = [0, 0] + [1] * (len(rows) - 2)
    moved = table(a=[v + up * g for v, g in zip(x, groups, strict=True)],
                  b=[v + down * g for v, g in zip(y, groups, strict=True)], groups=groups)  # fmt: skip
    plain, found = only(pairs(table(a=x, b=y, groups=groups))), only(pairs(moved))
    for name in ("pearson_within", "opposed"):
        before, after = getattr(plain, name), getattr(found, name)
        assert (before is None) == (after is None)
        assert after == pytest.approx(before, abs=1e-6) if after is not None else True


def test_what_goes_together_over_tasks_may_go_apart_within_them():
    pair = only(pairs(table(a=[0.1, 0.2, 0.8, 0.9], b=[0.2, 0.1, 0.9, 0.8], groups=[0, 0, 1, 1])))
    assert pair.pearson > 0.9
    assert (pair.pearson_within, pair.spearman_within, pair.opposed) == (-1.0, -1.0, 1.0)


def test_only_episodes_that_both_gave_a_value_count():
    pair = only(pairs(table(a=[0.0, 0.5, 1.0, None], b=[0.0, 0.5, 1.0, 0.2])))
    assert (pair.episodes, pair.pearson) == (3, pytest.approx(1.0))
    assert pairs(table(a=[None, 1.0], b=[1.0, None])) == []


def test_columns_that_tell_nothing_apart_are_called_out():
    table_ = table(
        format=[1.0] * 99 + [0.5],
        style=[0.7] * 100,
        efficiency=[0.2] * 50 + [0.9] * 50,
        correctness=[0.0, 1.0] * 50,
        unknown=[0.0, 0.9] * 50,
        groups=[0] * 50 + [1] * 50,
    )
    verdicts = {found.reward: found.verdict for found in figures(table_)}
    assert verdicts == {
        "format": "saturated: 1 in 99.0%", "style": "constant: always 0.7", "efficiency": "constant within 100.0% of "
        "groups", "correctness": "", "unknown": "",
    }  # fmt: skip


def test_figures_leave_out_what_has_no_value_and_count_it():
    found = only(figures(table(style=[None, 0.2, 0.6])))
    assert (found.values, found.mean, found.min, found.max) == (2, pytest.approx(0.4), 0.2, 0.6)
    assert found.statuses == {"not_applicable": 1, "ok": 2}
    assert only(figures(table(style=[None, None]))).mean is None


def test_the_widest_disagreements_come_first_with_both_explanations():
    found = disagreements(table(a=[0.9, 0.1, 0.5, 0.4], b=[0.0, 0.5, 0.6, 0.9]))
    named = [(each.episode, each.high.name, each.low.name) for each in found]
    assert named == [("log#0", "a", "b"), ("log#3", "b", "a")]
    assert (found[0].high.explanation, found[0].low.explanation) == ("a of 0", "b of 0")
    assert disagreements(table(a=[0.1, 0.2], b=[0.5, 0.5])) == []


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    ccgym.rollout("ccgym/OrderDesk-v0", "random", ["track-where", "cancel-bought-twice"], 4, out=folder)
    ccgym.rollout("ccgym/OrderDesk-v0", "oracle", ["track-where", "cancel-bought-twice"], 4, out=folder, number=1)
    return folder


def test_the_command_prints_three_tables_and_names_an_episode_to_open(run, capsys):
    status, out, _ = said(capsys, "rewards", "compare", str(run))
    assert status == 0
    assert "16 episodes in 4 groups" in out
    assert "correctness ~ diversity" in out
    assert "Where they disagree most" in out
    name = out.splitlines()[-1].partition("'")[2].rstrip("'")
    assert said(capsys, "replay", name)[0] == 0


def test_the_same_as_json(run, capsys):
    status, found = answered(capsys, "rewards", "compare", str(run))
    assert status == 0
    assert {row["reward"] for row in found["rewards"]} == {
        "correctness", "format", "efficiency", "style", "diversity"
    }  # fmt: skip
    assert len(found["pairs"]) == 10
    assert found["disagreements"][0]["high"].keys() == {"reward", "value", "explanation"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["compare"], "`compare` needs a log. Run: ccgym rewards compare LOG"),
        (["compare", "nowhere"], "no such file"),
        (["compair", "x"], "compare"),
    ],
)
def test_a_comparison_of_nothing_is_an_error_with_the_fix(capsys, arguments, told):
    status, _, err = said(capsys, "rewards", *arguments)
    assert status in (1, 2)
    assert told in err
