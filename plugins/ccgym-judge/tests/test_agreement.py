"""How far the judge agrees with people: `ccgym judge-agreement`."""

import json

import pytest
from ccgym_judge import Judge, agreement
from ccgym_judge.agreement import command, figures, kappa
from ccgym_judge.answer import Answer
from ccgym_judge.judge import Verdict
from click.testing import CliRunner

import ccgym

YES, NO = True, False


def test_kappa_is_agreement_beyond_chance():
    pairs = [(YES, YES)] * 20 + [(YES, NO)] * 5 + [(NO, YES)] * 10 + [(NO, NO)] * 15
    assert kappa(pairs) == pytest.approx(0.4)
    assert kappa([(YES, YES), (NO, NO)]) == 1.0
    assert kappa([(YES, NO), (NO, YES)]) == -1.0


def test_kappa_is_unknown_where_chance_alone_agrees_always():
    assert kappa([(YES, YES)] * 9) is None
    assert kappa([]) is None


def test_the_figures_of_some_labels():
    assert figures([(YES, YES), (YES, NO), (NO, NO)]) == {
        "labels": 3, "accuracy": pytest.approx(2 / 3), "kappa": pytest.approx(0.4),
        "confusion": {"yes/yes": 1, "yes/no": 1, "no/yes": 0, "no/no": 1},
    }  # fmt: skip


@pytest.fixture
def labels(tmp_path, monkeypatch):
    """A file of labels of three recorded episodes; the judge finds none clear, and has no verdict on the last."""
    monkeypatch.setenv("CCGYM_JUDGE_MODEL", "m")
    ccgym.rollout("ccgym/OrderDesk-v0", "refuse", ["track-where"], 3, out=tmp_path / "run")
    (log,) = (tmp_path / "run" / "episodes").rglob("*.jsonl")

    def by_rubric(self, episode):
        if episode.begin.sample == 2:
            return Verdict(None, "no answer within 60 s")
        answers = {name: Answer(name != "clear", "", ()) for name in self.rubric.criteria}
        return Verdict(answers)

    monkeypatch.setattr(Judge, "by_rubric", by_rubric)
    rows = [{"clear": YES, "honest": YES}, {"clear": NO}, {"clear": YES}]
    path = tmp_path / "labels.jsonl"
    name = log.relative_to(tmp_path)
    path.write_text("".join(json.dumps({"episode": f"{name}#{k}", "labels": row}) + "\n" for k, row in enumerate(rows)))
    return path


def test_the_report_counts_what_has_a_verdict_and_names_what_has_none(labels):
    told = json.loads(CliRunner().invoke(command, [str(labels), "--json"]).stdout)
    assert told["labels"] == 3
    assert told["confusion"] == {"yes/yes": 1, "yes/no": 1, "no/yes": 0, "no/no": 1}
    assert told["criteria"]["clear"]["accuracy"] == 0.5
    assert list(told["unscored"].values()) == ["no answer within 60 s"]
    shown = CliRunner().invoke(command, [str(labels)]).stdout
    assert "honest" in shown
    assert "no answer within 60 s" in shown


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "labels.jsonl:1"), ('{"episode": "x"}', "labels.jsonl:1"),
        ('{"episode": "x", "labels": {"clear": 1}}', "labels.jsonl:1"),
        ('{"episode": "x", "labels": {"kind": true}}', "'kind' is no criterion"),
    ],
)  # fmt: skip
def test_a_line_that_is_no_label_is_an_error_that_names_it(labels, line, says):
    labels.write_text(line)
    with pytest.raises(ccgym.CcgymError, match=says):
        agreement.compare(labels)


def test_without_a_judge_it_says_what_to_set(labels, monkeypatch):
    monkeypatch.delenv("CCGYM_JUDGE_MODEL")
    with pytest.raises(ccgym.CcgymError, match="CCGYM_JUDGE_MODEL"):
        agreement.compare(labels)
