"""What ccgym relies on in TRL and transformers, each held once, so that an upgrade that breaks it is seen here.

GRPOTrainer with `rollout_func`
 1. Prompts arrive repeated: G copies, neighbours; one call for each generation batch.
 2. `env_mask` gates the gradient, and the length that is logged.
 3. Extra lists of the rollout reach reward functions by name; `__name__` names the metric.
 4. A row whose columns are all None has advantage 0 and leaves the baseline.
 5. With as many micro-batches in a generation as in a gradient step, no old log-probabilities are computed.
 6. Recorded log-probabilities arrive in the batch under `sampling_per_token_logps`.
 7. Leaving out rows of advantage 0, and columns of padding, changes no gradient (dapo).
12. Weights that come with the episodes hold for the batch that they are of; advantages are those of the log.
SFTTrainer
 8. `input_ids` and `labels` are used as they are, in the order given.
Trainer
 9. A step is logged before it is saved.
10. `train(resume_from_checkpoint)` at the last step would take one more: so it is not called then.
Fused head
11. It can be told to project only the positions that have a label, with the same gradient.
"""

from __future__ import annotations

import inspect
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")
trl = pytest.importorskip("trl")

import tiny_llama  # noqa: E402
from transformers import Trainer  # noqa: E402
from trl.trainer import utils  # noqa: E402

from ccgym import scoring  # noqa: E402
from ccgym.errors import CcgymError  # noqa: E402
from ccgym.rollouts.encoder import Encoded  # noqa: E402
from ccgym.train import grpo, probes, sft  # noqa: E402
from ccgym.train.checkpoints import Checkpoints  # noqa: E402
from ccgym.train.config import parse_config  # noqa: E402
from ccgym.train.metrics import Metrics  # noqa: E402
from ccgym.train.stage import Recorder, compact_head, train  # noqa: E402

VALUES = {"a": [0.0, 1.0, 0.5, 0.0, 1.0, 1.0, 0.0, 0.25], "b": [0.5] * 8}


def config(**grpo_settings):
    settings = {"iterations": 2, "tasks_per_iteration": 2, "group": 4, "micro_batch": 4, "max_tokens": 64, "lr": 1e-3}
    return parse_config({
        "grpo": {**settings, **grpo_settings}, "sft": {"steps": 4, "batch": 2}, "checkpoints": {"sft_every": 3},
    })  # fmt: skip


def member(number: int, columns: dict[str, float | None]) -> grpo.Member:
    """A prompt of 3 tokens, then own tokens with two of the environment among them; lengths differ."""
    own = 4 + number % 3
    ids = [5, 6, 7, *(20 + (number + n) % 40 for n in range(own)), 8, 9, 30, 4]
    mask = [0] * 3 + [1] * own + [0, 0] + [1, 1]
    return grpo.Member(Encoded(ids, mask, ((3, 3 + own), (5 + own, 7 + own)), [-2.5] * sum(mask)), columns)


class Playing:
    """A rollout that remembers what it was asked."""

    def __init__(self, values=VALUES):
        self.values, self.asked = values, []

    def __call__(self, prompts):
        self.asked.append(list(prompts))
        return [member(n, {name: column[n] for name, column in self.values.items()}) for n in range(len(prompts))]


@pytest.fixture
def make(tmp_path, monkeypatch):
    monkeypatch.setenv("TRL_EXPERIMENTAL_SILENCE", "1")
    # The made-up log-probabilities of `member` are not the model's.
    monkeypatch.setattr(probes, "sampler_agrees", lambda *_: 0.0)

    def build(rollout, weights=None, settings=None, callbacks=()):
        model = tiny_llama.model()
        torch.set_num_threads(1)
        trainer = grpo.make_trainer(
            settings or config(), model, tiny_llama.tokenizer(), weights or {"a": 1.0, "b": 0.5}, rollout, tmp_path,
            list(callbacks),
        )  # fmt: skip
        trainer.checkpoints = Checkpoints(tmp_path / "checkpoints")
        return trainer

    return build


def generated(trainer):
    """The whole generation batch of the first iteration, before it is split."""
    rows = [{"prompt": f"0/{slot}"} for slot in (0, 0, 0, 0, 1, 1, 1, 1)]
    trainer.model.train()
    return trainer._generate_and_score_completions(rows)


def gradient(trainer, parts):
    trainer.current_gradient_accumulation_steps = trainer.args.steps_per_generation
    trainer.model.zero_grad()
    for part in parts:
        trainer.compute_loss(trainer.model, part).backward()
    return torch.cat([p.grad.flatten() for p in trainer.model.parameters() if p.grad is not None])


def test_1_prompts_arrive_repeated_and_once_for_each_generation(make):
    rollout = Playing()
    trainer = make(rollout)
    train(trainer, None)
    assert rollout.asked == [[f"{i}/{slot}" for slot in (0, 1) for _ in range(4)] for i in (0, 1)]


def test_1_passes_over_old_episodes_ask_for_no_new_ones(make):
    rollout = Playing()
    trainer = make(rollout, settings=config(num_iterations=2))
    train(trainer, None)
    assert len(rollout.asked) == 2
    assert trainer.state.global_step == 4


def test_2_the_mask_gates_the_gradient(make):
    probes.mask_is_respected(make(Playing()))


def test_2_the_probe_sees_a_mask_that_is_ignored(make, monkeypatch):
    trainer = make(Playing())
    original = trainer._compute_loss

    def careless(model, inputs):
        return original(model, {**inputs, "tool_mask": inputs["completion_mask"]})

    monkeypatch.setattr(trainer, "_compute_loss", careless)
    with pytest.raises(CcgymError, match="env_mask is ignored"):
        probes.mask_is_respected(trainer)


def test_2_the_length_counts_the_policys_own_tokens(make):
    trainer = make(Playing())
    generated(trainer)
    own = [sum(member(n, {}).encoded.mask) for n in range(8)]
    assert trainer._metrics["train"]["completions/mean_length"] == [sum(own) / 8]


def test_3_columns_reach_trl_by_name(make):
    trainer = make(Playing())
    generated(trainer)
    assert trainer._metrics["train"]["rewards/a/mean"] == pytest.approx([sum(VALUES["a"]) / 8])
    assert trainer._metrics["train"]["rewards/b/mean"] == [0.5]


def test_4_a_row_without_any_column_leaves_the_baseline(make):
    column: list[float | None] = [0.0, 1.0, 1.0, None, 0.0, 0.0, 0.0, 1.0]
    trainer = make(Playing({"a": column, "b": [None if v is None else 0.0 for v in column]}))
    advantages = generated(trainer)["advantages"]
    left = torch.tensor([0.0, 1.0, 1.0])
    assert advantages[3] == 0
    torch.testing.assert_close(advantages[:3], (left - left.mean()) / (left.std() + 1e-4))


def test_12_weights_that_come_with_the_episodes_hold_for_them_and_advantages_are_those_of_the_log(make):
    values = {"a": [0.0, 1.0, 0.5, 0.0, 1.0, 1.0, 0.0, 0.25], "b": [0.5, 0.25, 1.0, 0.0, 0.0, 0.5, 0.0, 1.0]}
    weights = {"a": 0.25, "b": 2.0}
    playing = Playing(values)
    trainer = make(lambda prompts: [replace(each, weights=weights) for each in playing(prompts)], {"a": 1.0, "b": 0.5})
    totals = [sum(weights[name] * values[name][n] for name in weights) for n in range(8)]
    wanted = [*scoring.advantages(totals[:4]), *scoring.advantages(totals[4:])]
    torch.testing.assert_close(generated(trainer)["advantages"], torch.tensor(wanted), atol=1e-6, rtol=0)


def test_5_no_old_log_probabilities_are_computed(make):
    assert "old_per_token_logps" not in generated(make(Playing()))


def test_6_recorded_log_probabilities_arrive_where_the_policy_spoke(make):
    batch = generated(make(Playing()))
    mask = batch["tool_mask"] * batch["completion_mask"]
    torch.testing.assert_close(batch["sampling_per_token_logps"], -2.5 * mask.float())


def test_7_leaving_out_what_cannot_teach_changes_no_gradient(make):
    trainer = make(Playing({"a": [0.0, 1.0, 0.5, 0.0, 1.0, 1.0, 1.0, 1.0], "b": [0.5] * 8}))
    batch = generated(trainer)
    whole = gradient(trainer, [batch])
    parts = grpo.micro_batches(batch, 2, droppable=True)
    assert sum(len(part["advantages"]) for part in parts) == 4
    torch.testing.assert_close(gradient(trainer, parts), whole, rtol=1e-4, atol=1e-6)
    every = grpo.micro_batches(batch, 2, droppable=False)
    assert sum(len(part["advantages"]) for part in every) == 8
    torch.testing.assert_close(gradient(trainer, every), whole, rtol=1e-4, atol=1e-6)


def test_7_every_part_has_a_row_even_when_nothing_can_teach(make):
    trainer = make(Playing({"a": [1.0] * 8, "b": [0.5] * 8}))
    parts = grpo.micro_batches(generated(trainer), 2, droppable=True)
    assert [len(part["advantages"]) for part in parts] == [1, 1]
    assert not gradient(trainer, parts).any()


def test_an_episode_without_a_token_of_the_policy_teaches_nothing_and_breaks_nothing(make):
    class Failing(Playing):
        def __call__(self, prompts):
            members = super().__call__(prompts)
            members[0] = grpo.Member(Encoded([], [], (), []), {"a": None, "b": None})
            members[5] = grpo.Member(Encoded([5, 6], [0, 0], (), []), {"a": None, "b": None})
            return members

    trainer = make(Failing())
    batch = generated(trainer)
    assert batch["advantages"][0] == batch["advantages"][5] == 0
    train(trainer, None)


def test_8_rows_are_trained_as_they_are_and_in_order(tmp_path):
    rows = [{"input_ids": [5, 6, 20 + n, 4, 7], "labels": [-100, -100, 20 + n, 4, -100]} for n in range(6)]
    settings = config()
    trainer = sft.make_trainer(settings, tiny_llama.model(), tiny_llama.tokenizer(), rows, tmp_path, [])
    order = sft.batch_order([5] * 6, 4, 2, settings.seed)
    seen = [batch["labels"].tolist() for batch in trainer.get_train_dataloader()]
    assert [row for batch in seen for row in batch] == [rows[index]["labels"] for index in order]


def test_9_a_step_is_logged_before_it_is_saved(make, tmp_path):
    metrics = Metrics(tmp_path)
    recorder = Recorder(metrics, "grpo", grpo.grpo_values, lambda line: None)
    trainer = make(Playing(), callbacks=[recorder])
    seen = []

    class Watched(Checkpoints):
        def save(self, step, write, **facts):
            seen.append((step, metrics.lines[-1]["step"]))
            return super().save(step, write, **facts)

    recorder.attach(trainer, Watched(tmp_path / "checkpoints"), lambda: None)
    train(trainer, None)
    assert seen == [(2, 2)]


def test_10_a_finished_stage_takes_no_further_step(make):
    rollout = Playing()
    train(make(rollout), None)
    again = make(rollout)
    checkpoint = again.checkpoints.latest()
    assert checkpoint.step == 2
    train(again, checkpoint)
    assert len(rollout.asked) == 2


def test_11_projecting_only_what_has_a_label_changes_no_gradient(make):
    trainer = make(Playing())
    parts = grpo.micro_batches(generated(trainer), 2, droppable=False)
    plain = gradient(trainer, parts)
    with compact_head():
        assert utils._use_triton(torch.device("cpu"))
        torch.testing.assert_close(gradient(trainer, parts), plain, rtol=1e-4, atol=1e-6)
    assert not utils._use_triton(torch.device("cpu"))


def test_what_is_called_by_name_is_still_there():
    for name in ("_save_optimizer_and_scheduler", "_save_scaler", "_save_rng_state", "_load_from_checkpoint"):
        assert callable(getattr(Trainer, name))
    parameters = inspect.signature(trl.GRPOTrainer._get_per_token_logps_and_entropies).parameters
    assert list(parameters)[:6] == ["self", "model", "input_ids", "attention_mask", "logits_to_keep", "batch_size"]
    source = inspect.getsource(trl.GRPOTrainer._prepare_inputs)
    assert "self._step % generate_every == 0" in source
    assert "self._buffered_inputs[self._step % self.args.steps_per_generation]" in source
