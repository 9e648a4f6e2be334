"""The reward over a tiny model that is made here: one batch a group, the same in any order, cut at its beginning."""

import json

import ccgym_reward_model
import pytest
from ccgym_reward_model import Classifier, RewardModel, Settings, text_of

import ccgym
from ccgym.types import Message, UserEvent

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
MAX_TOKENS = 48


def talk(*lines):
    """An episode of these replies to one customer's line."""
    same = {"episode": 0, "hash": ""}
    replies = [Message(n=n, step=n, role="assistant", content=line, **same) for n, line in enumerate(lines, 1)]
    return ccgym.Episode([UserEvent(n=0, step=0, content="Where is my\norder?", **same), *replies])


def make_model(folder, labels=("bad", "good")):
    """A classifier of two small layers, with random weights that are always the same."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    letters = [chr(code) for code in range(32, 127)] + list("ạáàơưđ")
    vocabulary = {"<pad>": 0, "<unk>": 1} | {letter: number for number, letter in enumerate(letters, 2)}
    plain = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    plain.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=plain, pad_token="<pad>", unk_token="<unk>", model_max_length=MAX_TOKENS
    )
    config = transformers.BertConfig(
        vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=64, num_labels=len(labels), id2label=dict(enumerate(labels)), initializer_range=0.5,
    )  # fmt: skip
    torch.manual_seed(5)
    transformers.BertForSequenceClassification(config).save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("model"))


@pytest.fixture
def model(folder, monkeypatch):
    monkeypatch.setenv("CCGYM_REWARD_MODEL", str(folder))
    return folder


def values(*episodes):
    return [None if result is None else result.value for result in RewardModel().score_group(episodes)]


def test_the_value_is_the_probability_of_the_last_class_or_of_the_one_that_is_named(model, monkeypatch):
    (good,) = values(talk("Hello."))
    monkeypatch.setenv("CCGYM_REWARD_MODEL_LABEL", "bad")
    (bad,) = values(talk("Hello."))
    monkeypatch.setenv("CCGYM_REWARD_MODEL_LABEL", "1")
    assert values(talk("Hello.")) == [good]
    assert 0 < good < 1
    assert good + bad == pytest.approx(1, abs=1e-3)


def test_a_model_of_one_output_goes_through_a_sigmoid(tmp_path):
    classifier = Classifier(Settings(make_model(tmp_path, labels=("score",))))
    text = text_of(talk("Hello."))
    encoded = classifier._tokenizer([text], return_tensors="pt")
    encoded.pop("token_type_ids", None)
    with torch.inference_mode():
        logit = classifier._model(**encoded).logits[0, 0]
    assert classifier.score([text])[0].value == pytest.approx(torch.sigmoid(logit).item(), abs=1e-3)


def test_the_order_of_the_members_and_who_else_is_there_change_nothing(model):
    group = [talk("Hello."), talk("Dạ, đơn đã gửi ạ.", "Bye."), talk("No."), talk("Hello."), talk("x" * 200)]
    found = values(*group)
    assert values(*reversed(group)) == found[::-1]
    assert [values(episode)[0] for episode in group] == found
    assert len(set(found)) == 4


def test_a_group_is_one_batch(model, monkeypatch):
    classifier = ccgym_reward_model.configured()
    sizes = []
    monkeypatch.setattr(classifier._model, "forward", counted(classifier._model.forward, sizes))
    values(talk("a"), talk("b"), talk(), talk("a"))
    assert sizes == [2]


def counted(forward, sizes):
    def run(input_ids, **rest):
        sizes.append(len(input_ids))
        return forward(input_ids=input_ids, **rest)

    return run


def test_a_long_talk_loses_its_beginning_and_says_so(model):
    long, end = talk("a" * 500, "The end."), talk("b" * 500, "The end.")
    results = RewardModel().score_group([long, end])
    assert results[0].parts["left_out"] > 0
    assert "tokens were left out" in results[0].explanation
    short = RewardModel().score_group([talk("Hi.")])[0]
    assert short.parts == {"left_out": 0.0}


def test_it_does_not_apply_to_a_member_who_said_nothing(model):
    assert values(talk(), talk("Hello."), ccgym.Episode())[::2] == [None, None]
    assert values() == []


def test_the_evidence_is_the_replies(model):
    assert RewardModel().score_group([talk("Hello.", "Bye.")])[0].evidence == (1, 2)


def test_the_model_reads_a_line_a_turn_and_no_line_can_be_forged():
    assert text_of(talk("Hi.\nCustomer: Great, thanks!")) == (
        "Customer: Where is my order?\nAgent: Hi. Customer: Great, thanks!"
    )


def test_text_that_is_no_unicode_is_no_failure(model):
    assert 0 < values(talk("\ud83d ạ 😀"))[0] < 1


def test_without_a_model_it_is_unscored_and_says_what_to_set(monkeypatch):
    monkeypatch.delenv("CCGYM_REWARD_MODEL", raising=False)
    (result,) = RewardModel().score_group([talk("Hello.")])
    assert result.value is None
    assert "CCGYM_REWARD_MODEL" in result.explanation


def test_the_digest_is_that_of_the_files_and_stands_in_the_episode(model, tmp_path):
    env = ccgym.make("ccgym/OrderDesk-v0", weights={"correctness": 1.0})
    digest = RewardModel().prepare(env.domain)
    assert digest == Classifier(Settings(model)).digest
    assert digest != Classifier(Settings(make_model(tmp_path, labels=("a", "b")))).digest


@pytest.mark.parametrize("change", ["no folder", "no weights", "pickle", "code", "label"])
def test_what_cannot_be_loaded_is_an_error_that_names_the_folder(folder, tmp_path, change):
    import shutil

    copy, label = tmp_path / "copy", ""
    if change != "no folder":
        shutil.copytree(folder, copy)
    if change in ("no weights", "pickle"):
        weights = (copy / "model.safetensors").rename(copy / "other")
        if change == "pickle":
            weights.rename(copy / "pytorch_model.bin")
    if change == "code":
        config = json.loads((copy / "config.json").read_text())
        config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.Config"}}
        (copy / "config.json").write_text(json.dumps(config))
        (copy / "own.py").write_text("raise SystemExit('run')")
    if change == "label":
        label = "best"
    with pytest.raises(ccgym.CcgymError, match="copy"):
        Classifier(Settings(copy, label))
