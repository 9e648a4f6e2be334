"""Sampling with a cache that is kept from turn to turn gives what plain passes over the whole sequence give."""

from __future__ import annotations

import math
import random
from collections import Counter

import pytest

import ccgym
from ccgym.errors import ConfigError
from ccgym.rollouts import make_policy
from ccgym.types import LimitEvent, Model

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

import tiny_llama  # noqa: E402

from ccgym.rollouts.encoder import Encoder  # noqa: E402
from ccgym.rollouts.loader import banned, load, make_sampler  # noqa: E402
from ccgym.rollouts.local import TokenPolicy, choose_threads  # noqa: E402
from ccgym.rollouts.sampler import Ask, HfSampler, Sampling, invert  # noqa: E402
from ccgym.rollouts.sampling import top  # noqa: E402

STOP = 4
CONTROL = {0, 1, 2, 3}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def model():
    return tiny_llama.model()


@pytest.fixture(scope="module")
def adapted():
    """The model under a LoRA adapter whose weights are not zero."""
    peft = pytest.importorskip("peft")
    config = peft.LoraConfig(r=4, target_modules=["q_proj", "v_proj"], lora_dropout=0.5, task_type="CAUSAL_LM")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        model = peft.get_peft_model(tiny_llama.model(), config)
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weight, std=0.2)
    return model


def sampler(model, **options):
    return HfSampler(model, STOP, CONTROL, Sampling(**{"max_new_tokens": 10, **options}))


def words(rng, count):
    return [rng.randrange(5, 400) for _ in range(count)]


def logprobs_of(model, ids, temperature=1.0):
    """(length, vocabulary) by one plain pass over the whole sequence."""
    model.eval()
    with torch.inference_mode():
        return (model(input_ids=torch.tensor([ids])).logits[0].float() / temperature).log_softmax(-1)


def play_rounds(model, one, rounds, rows, temperature=1.0, prefix=()):
    """Drive a sampler through rounds of ragged turns; compare each recorded log-probability with a plain pass."""
    rng = random.Random(7)
    whole: dict[int, list[int]] = {row: [] for row in range(rows)}
    worst = 0.0
    for number in range(rounds):
        asking = [row for row in range(rows) if (row + number) % 4 or not number]
        asks = []
        for row in asking:
            context = ([] if whole[row] else list(prefix)) + words(rng, rng.choice((1, 2, 9, 30)))
            whole[row] += context
            asks.append(Ask(row, context, 1000 * number + row))
        for row, sample in zip(asking, one.sample(asks), strict=True):
            lines = logprobs_of(model, whole[row] + sample.ids, temperature)
            for place, (token, value) in enumerate(zip(sample.ids, sample.logprobs, strict=True)):
                worst = max(worst, abs(float(lines[len(whole[row]) - 1 + place, token]) - value))
            whole[row] += sample.ids
            if number == 1 and row % 3 == 0:
                one.close(row)
                whole[row] = []
    return whole, worst


@pytest.mark.parametrize("prefix", [0, 40], ids=["nothing shared", "a shared prefix"])
@pytest.mark.parametrize("temperature", [1.0, 0.7])
def test_log_probabilities_of_ragged_turns_equal_those_of_the_packed_sequence(model, prefix, temperature):
    one = sampler(model, temperature=temperature)
    _, worst = play_rounds(model, one, 5, 14, temperature, words(random.Random(1), prefix))
    assert worst < 1e-4


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_grouped_heads_and_eager_attention_hold_too(attention):
    model = tiny_llama.model(kv_heads=1)
    model.set_attn_implementation(attention)
    assert play_rounds(model, sampler(model), 3, 14, prefix=words(random.Random(1), 40))[1] < 1e-4
    assert model.config._attn_implementation == attention


def test_a_prefix_that_all_rows_share_is_read_once(model, monkeypatch):
    seen = []
    one = sampler(model, max_new_tokens=6)
    forward = one._forward
    monkeypatch.setattr(
        one, "_forward", lambda *args: (seen.append(args[4] if len(args) > 4 else 0), forward(*args))[1]
    )
    prefix = words(random.Random(4), 50)
    one.sample([Ask(row, [*prefix, 20 + row, 30], row) for row in range(12)])
    assert 50 in seen
    seen.clear()
    one.sample([Ask(100 + row, words(random.Random(row), 50), row) for row in range(12)])
    assert set(seen) == {0}


def test_rows_leave_the_root_where_others_do_not_stand_on_it_or_too_few_are_left(model):
    one = sampler(model)
    first, other = words(random.Random(1), 40), words(random.Random(2), 40)
    whole: dict[int, list[int]] = {}
    rooted = []

    def ask(rows, prefix=()):
        asks = [Ask(row, [*prefix, *words(random.Random(row + len(whole)), 1 + row % 7)], row) for row in rows]
        for asked, sample in zip(asks, one.sample(asks), strict=True):
            ids = whole.setdefault(asked.key, [])
            ids += asked.context
            lines = logprobs_of(model, ids + sample.ids)
            for place, (token, value) in enumerate(zip(sample.ids, sample.logprobs, strict=True)):
                assert float(lines[len(ids) - 1 + place, token]) == pytest.approx(value, abs=1e-4)
            ids += sample.ids
        rooted.append(sum(row.rooted for row in one._rows.values()))

    ask(range(12), first)
    ask(range(12, 16), other)
    ask(range(16))
    ask(range(16, 26), first)
    ask(range(16, 26))
    ask((16, 20, 25))
    assert rooted == [12, 12, 0, 10, 10, 7]


@pytest.mark.parametrize(("rows", "size", "k"), [(1, 2047, 50), (48, 2047, 50), (5, 2048, 1), (9, 100, 6), (4, 30, 30)])
def test_the_largest_of_folded_rows_are_the_largest(rows, size, k):
    logits = torch.rand(rows, size, generator=torch.Generator().manual_seed(k))
    for found, wanted in zip(top(logits, k), logits.topk(k), strict=True):
        assert torch.equal(found, wanted)


def test_an_adapter_is_sampled_from_without_its_dropout_and_training_mode_is_kept(adapted):
    adapted.train()
    one = sampler(adapted)
    _, worst = play_rounds(adapted, one, 3, 4)
    assert worst < 1e-4
    adapted.train()
    one.sample([Ask(99, [10, 11], 1)])
    assert adapted.training


def test_a_row_samples_the_same_whatever_is_beside_it(model):
    rng = random.Random(3)
    turns = {row: [words(rng, 20 + 3 * row), words(rng, 5), words(rng, 12)] for row in range(6)}

    def run(order):
        one, out = sampler(model, top_k=50, top_p=0.9), {row: [] for row in order}
        for number in range(3):
            asks = [Ask(row, turns[row][number], 31 * row + number) for row in order]
            for row, sample in zip(order, one.sample(asks), strict=True):
                out[row].append(sample.ids)
        return out

    together = run(list(range(6)))
    assert run([5, 3, 1, 0, 2, 4]) == together
    for row in range(6):
        assert run([row])[row] == together[row]


def test_rows_join_while_others_are_in_the_middle_of_a_turn(model):
    """Rows come and go at different times, as in a rollout; every log-probability is still the plain pass's."""
    rng = random.Random(8)
    one = sampler(model, max_new_tokens=14)
    whole: dict[int, list[int]] = {row: [] for row in range(9)}
    turns = dict.fromkeys(whole, 0)
    starts: dict[int, int] = {}
    ready, joined, worst = list(range(4)), 4, 0.0

    while ready or starts:
        for row in ready:
            whole[row] += words(rng, rng.choice((1, 5, 17)))
        asks = [Ask(row, whole[row][len(one._rows[row].tokens) if row in one._rows else 0 :], row) for row in ready]
        starts.update((row, len(whole[row])) for row in ready)
        one.submit(asks)
        ready = []
        for row, sample in one.collect():
            start = starts.pop(row)
            lines = logprobs_of(model, whole[row] + sample.ids)
            found = [float(lines[start - 1 + place, token]) for place, token in enumerate(sample.ids)]
            worst = max(worst, *(abs(a - b) for a, b in zip(found, sample.logprobs, strict=True)))
            whole[row] += sample.ids
            turns[row] += 1
            if turns[row] < 4:
                ready.append(row)
            else:
                one.close(row)
            if joined < 9:
                ready.append(joined)
                joined += 1
    assert list(turns.values()) == [4] * 9
    assert worst < 1e-4


def test_the_seed_of_the_turn_decides_and_no_global_generator_is_touched(model):
    one = sampler(model)
    torch.manual_seed(5)
    random.seed(5)
    before = torch.rand(3), random.random()
    torch.manual_seed(5)
    random.seed(5)
    first, same, other = one.sample([Ask(1, [9, 8, 7], 11), Ask(2, [9, 8, 7], 11), Ask(3, [9, 8, 7], 12)])
    assert first.ids == same.ids != other.ids
    assert torch.equal(torch.rand(3), before[0])
    assert random.random() == before[1]


def test_temperature_zero_takes_the_likeliest_token(model):
    one = sampler(model, temperature=0)
    context = words(random.Random(2), 25)
    (sample,) = one.sample([Ask(0, context, 1)])
    lines = logprobs_of(model, context + sample.ids).clone()
    lines[:, sorted(CONTROL)] = -math.inf  # never sampled
    assert sample.ids == lines[len(context) - 1 : -1].argmax(-1).tolist()


def test_a_turn_ends_with_the_stop_token_or_by_its_limit(model):
    one = sampler(model, max_new_tokens=400)
    one.model = model
    samples = one.sample([Ask(row, words(random.Random(row), 9), row) for row in range(8)])
    for sample in samples:
        assert STOP not in sample.ids[:-1]
        assert (sample.ids[-1] == STOP) == (sample.limit is None)
        assert len(sample.ids) == len(sample.logprobs) <= 400
    assert any(sample.limit is None for sample in samples)


def test_control_tokens_are_never_sampled(model):
    bias = torch.zeros(len(tiny_llama.tokenizer()))
    bias[sorted(CONTROL)] = 50.0

    class Leaning(torch.nn.Module):
        """The same model, dying to say control tokens."""

        def __init__(self):
            super().__init__()
            self.inner = model

        config = property(lambda self: model.config)
        dtype = property(lambda self: model.dtype)
        device = property(lambda self: model.device)

        def forward(self, **kwargs):
            out = self.inner(**kwargs)
            out.logits = out.logits + bias
            return out

    for temperature in (0, 1.0):
        one = sampler(Leaning(), temperature=temperature, max_new_tokens=40)
        samples = one.sample([Ask(row, [20 + row], row) for row in range(4)])
        assert not {token for sample in samples for token in sample.ids} & CONTROL


def test_the_budget_of_an_episode_cuts_a_turn_and_then_allows_none(model):
    one = sampler(model, max_tokens=40, max_new_tokens=30)
    context = words(random.Random(1), 33)
    (cut,) = one.sample([Ask(0, context, 3)])
    assert len(cut.ids) == 7
    assert cut.limit == "max_tokens"
    (full,) = one.sample([Ask(1, context + context, 3)])
    assert (full.ids, full.limit) == ([], "max_tokens")


def test_rows_that_are_closed_give_their_place_to_others(model):
    one = sampler(model, max_new_tokens=3)
    for key in range(40):
        one.sample([Ask(key, words(random.Random(key), 12), key)])
        one.close(key)
    assert one._cache.rows <= 2


def test_a_model_with_sliding_windows_is_refused():
    from transformers import MistralConfig, MistralForCausalLM

    config = MistralConfig(
        vocab_size=64, hidden_size=32, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=1, sliding_window=8, head_dim=16,
    )  # fmt: skip
    with pytest.raises(ConfigError, match="sliding"):
        HfSampler(MistralForCausalLM(config), STOP)


@pytest.mark.parametrize(
    ("name", "value"), [("temperature", -1), ("top_p", 0), ("top_k", -1), ("max_new_tokens", 0), ("max_tokens", 0)]
)
def test_sampling_that_makes_no_sense_is_refused(name, value):
    with pytest.raises(ConfigError, match=name):
        Sampling(**{name: value})


# ---- the distribution


LOGITS = torch.tensor([[2.0, 1.0, 0.0, -1.0, -math.inf]])


def shares(top_k=0, top_p=1.0, draws=2000):
    uniform = (torch.arange(draws) + 0.5) / draws
    tokens = invert(LOGITS.expand(draws, -1), uniform, top_k, top_p)[:, 0].tolist()
    counts = Counter(tokens)
    return [counts[token] / draws for token in range(5)]


@pytest.mark.parametrize(("top_k", "top_p"), [(0, 1.0), (2, 1.0), (0, 0.7), (3, 0.9), (50, 0.9)])
def test_inverting_the_distribution_gives_what_transformers_would(top_k, top_p):
    from transformers import TopKLogitsWarper, TopPLogitsWarper

    wanted = LOGITS.clone()
    if top_k:
        wanted = TopKLogitsWarper(top_k=min(top_k, 5))(None, wanted)
    if top_p < 1:
        wanted = TopPLogitsWarper(top_p=top_p)(None, wanted)
    assert shares(top_k, top_p) == pytest.approx(wanted.softmax(-1)[0].tolist(), abs=2e-3)


def test_the_largest_draw_never_falls_off_the_end():
    draws = torch.tensor([math.nextafter(1.0, 0.0)])
    assert invert(LOGITS, draws)[0, 0] == 3
    assert invert(LOGITS, draws, 2, 0.99)[0, 0] == 1


# ---- models in folders, and episodes


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_llama.save(tmp_path_factory.mktemp("model"))


def test_a_local_model_plays_episodes_whose_tokens_are_exact(desk, folder):
    policy = make_policy(f"hf:{folder}", max_new_tokens=12, max_tokens=700, threads=1, temperature=1.0)
    episodes = ccgym.rollout(desk, policy, ["cancel", "note", "refuse"], 4, seed=3)
    model = load(folder).model
    rows = [policy.encoder.encode_episode(episode) for episode in episodes if episode.of(Model)]
    policy.encoder.check_batch(rows, episodes)
    for row in rows[:4]:
        lines = logprobs_of(model, row.ids)
        found = [float(lines[i - 1, row.ids[i]]) for i in range(len(row.ids)) if row.mask[i]]
        assert found == pytest.approx(row.logprobs, abs=1e-3)
    assert not policy.sampler._rows


def test_a_local_model_repeats_itself(desk, folder):
    runs = []
    for _ in range(2):
        policy = make_policy(f"hf:{folder}", max_new_tokens=8, threads=1)
        episodes = ccgym.rollout(desk, policy, ["cancel", "note"], 2, seed=4)
        runs.append([[turn.content for turn in episode.turns] for episode in episodes])
    assert runs[0] == runs[1]


def test_an_unfinished_turn_truncates_the_episode(desk, folder):
    policy = make_policy(f"hf:{folder}", max_new_tokens=1, threads=1)
    episodes = ccgym.rollout(desk, policy, ["cancel"], 4)
    cut = [episode for episode in episodes if episode.end.reason == "max_tokens"]
    assert cut
    assert cut[0].of(LimitEvent)[0].name == "max_tokens"


def test_a_sampler_that_fails_ends_episodes_and_not_the_rollout(desk, folder):
    class Failing:
        version = ""

        def submit(self, asks):
            raise RuntimeError("out of memory")

        def close(self, key):
            pass

    policy = TokenPolicy("failing", Encoder(load(folder).tokenizer), Failing())
    episodes = ccgym.rollout(desk, policy, ["cancel", "note"])
    assert [episode.end.reason for episode in episodes] == ["policy_error"] * 2


@pytest.mark.filterwarnings("ignore:Found missing adapter keys")
def test_an_adapters_folder_loads_with_its_base_and_is_live(folder, adapted, tmp_path, desk):
    from safetensors.torch import load_file, save_file

    adapted.peft_config["default"].base_model_name_or_path = str(folder)
    adapted.save_pretrained(tmp_path)
    loaded = load(tmp_path)
    assert loaded.adapter
    assert len(loaded.tokenizer) == len(tiny_llama.tokenizer())
    ids = torch.tensor([[9, 8, 7, 6]])
    adapted.eval()
    with torch.inference_mode():
        assert torch.allclose(loaded.model(input_ids=ids).logits, adapted(input_ids=ids).logits, atol=1e-5)
    (episode,) = ccgym.rollout(desk, make_policy(f"hf:{tmp_path}", max_new_tokens=4, threads=1), ["cancel"])
    assert episode.of(Model)
    # An adapter whose weights were saved under names that nobody reads would be dropped in silence.
    weights = {
        name.replace("q_proj", "qq").replace("v_proj", "vv"): w
        for name, w in load_file(tmp_path / "adapter_model.safetensors").items()
    }
    save_file(weights, tmp_path / "adapter_model.safetensors")
    with pytest.raises(ConfigError, match="adapter"):
        load(tmp_path)


def test_folders_that_hold_no_safe_model_say_so(folder, tmp_path):
    with pytest.raises(ConfigError, match="no such folder"):
        load(tmp_path / "none")
    with pytest.raises(ConfigError, match=r"neither config\.json nor adapter_config\.json"):
        load(tmp_path)
    (tmp_path / "config.json").write_text((folder / "config.json").read_text())
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(ConfigError, match="no safetensors"):
        load(tmp_path)
    (tmp_path / "adapter_config.json").write_text('{"base_model_name_or_path": "meta/llama"}')
    with pytest.raises(ConfigError, match="base model 'meta/llama' is no local folder"):
        load(tmp_path)


def test_loaders_and_samplers_are_chosen_by_name(folder, model):
    encoder = Encoder(tiny_llama.tokenizer())
    assert isinstance(make_sampler("hf", model, encoder, Sampling()), HfSampler)
    assert banned(encoder, tiny_llama.model(600)) >= set(range(len(tiny_llama.tokenizer()), 600)) | CONTROL
    with pytest.raises(ConfigError, match="Did you mean 'vllm-server'"):
        make_sampler("vllm-serve", model, encoder, Sampling())
    with pytest.raises(ConfigError, match="Did you mean 'transformers'"):
        load(folder, loader="transformer")


def test_vllm_samplers_want_a_trainer_that_runs_vllm(model):
    pytest.importorskip("trl")
    encoder = Encoder(tiny_llama.tokenizer())
    with pytest.raises(ConfigError, match="without vLLM"):
        make_sampler("vllm-colocate", model, encoder, Sampling())


def test_contract_trl_still_generates_from_token_ids_as_the_vllm_sampler_calls_it():
    """`_generate_single_turn` is private to TRL: an upgrade that changes it must be seen here."""
    import inspect

    trl = pytest.importorskip("trl")
    from ccgym.rollouts.vllm_sampler import PARAMETERS

    found = tuple(inspect.signature(trl.GRPOTrainer._generate_single_turn).parameters)
    assert found[1 : 1 + len(PARAMETERS)] == PARAMETERS
    from trl.generation.vllm_generation import VLLMGeneration

    wanted = {"mode", "temperature", "top_p", "top_k", "max_completion_length", "generation_kwargs", "max_model_length"}
    assert wanted <= set(inspect.signature(VLLMGeneration.__init__).parameters)


def test_the_vllm_sampler_keeps_whole_contexts_and_cuts_at_the_budget(model):
    """Against a trainer with vLLM's face that samples greedily from the same model."""
    from types import SimpleNamespace

    from ccgym.rollouts.vllm_sampler import VllmSampler

    sent = []

    class Trainer:
        use_vllm = True
        model_ = model
        accelerator = SimpleNamespace(num_processes=1, unwrap_model=lambda wrapped: wrapped)
        vllm_generation = SimpleNamespace(
            mode="colocate", temperature=1.0, top_p=1.0, top_k=0, generation_kwargs=None, max_model_length=60
        )

        def __init__(self):
            self.model = model

        def _generate_single_turn(self, prompt_ids, images, multimodal_fields, num_generations):
            assert (images, multimodal_fields, num_generations) == (None, {}, 1)
            sent.append([list(ids) for ids in prompt_ids])
            asks = [Ask(row, ids, 0) for row, ids in enumerate(prompt_ids)]
            one = sampler(model, temperature=0, max_new_tokens=self.vllm_generation.max_completion_length)
            samples = one.sample(asks)
            return [s.ids for s in samples], [s.logprobs for s in samples]

    one = VllmSampler(Trainer(), "colocate", STOP, CONTROL, Sampling(max_new_tokens=5, max_tokens=30))
    one.probe([9, 8, 7])
    first = one.sample([Ask(0, [9, 8, 7], 0), Ask(1, [6] * 28, 0), Ask(2, [6] * 30, 0)])
    assert [len(sample.ids) for sample in first][1:] == [2, 0]
    assert [sample.limit for sample in first][1:] == ["max_tokens", "max_tokens"]
    one.sample([Ask(0, [5], 0)])
    assert sent[-1] == [[9, 8, 7, *first[0].ids, 5]]
    kwargs = Trainer.vllm_generation.generation_kwargs
    assert kwargs["stop_token_ids"] == [STOP]
    assert set(kwargs["logit_bias"]) == CONTROL
    with pytest.raises(ConfigError, match="top_k is 0 in the trainer and 50 here"):
        VllmSampler(Trainer(), "colocate", STOP, CONTROL, Sampling(top_k=50))


def test_threads_are_chosen_by_trying():
    before = torch.get_num_threads()
    ran = []
    try:
        chosen = choose_threads(lambda: ran.append(torch.get_num_threads()), most=2)
        assert torch.get_num_threads() == chosen
    finally:
        torch.set_num_threads(before)
    assert set(ran) == {1, 2}
