"""The reward over a tiny sentence-transformers model that is made here."""

import unicodedata

import pytest
from ccgym_style_embed import StyleEmbed, plain, reference_replies
from ccgym_style_embed.embedding import Embedder

import ccgym
from ccgym.types import Message

pytest.importorskip("sentence_transformers")
ENV = "ccgym/OrderDesk-v0"


def talk(*lines):
    """An episode in which the agent says these lines."""
    same = {"episode": 0, "hash": "", "role": "assistant"}
    return ccgym.Episode([Message(n=n, step=n + 1, content=line, **same) for n, line in enumerate(lines)])


def make_model(folder, lines):
    """A model that embeds a line as the mean of random vectors of its words, always the same."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    words = sorted({word for line in lines for word, _ in pre_tokenizers.Whitespace().pre_tokenize_str(line.lower())})
    tokenizer = Tokenizer(models.WordLevel({"<unk>": 0} | {w: n for n, w in enumerate(words, 1)}, unk_token="<unk>"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.Lowercase(), pre_tokenizers.Whitespace()
    weights = torch.randn(len(words) + 1, 32, generator=torch.Generator().manual_seed(3))
    model = SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_weights=weights)], device="cpu")
    model.save(str(folder))
    return folder


@pytest.fixture(scope="module")
def domain():
    return ccgym.make(ENV).domain


@pytest.fixture(scope="module")
def folder(domain, tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("model"), [plain(line) for line in reference_replies(domain)])


@pytest.fixture
def reward(domain, folder, monkeypatch):
    monkeypatch.setenv("CCGYM_STYLE_EMBED", str(folder))
    reward = StyleEmbed()
    reward.digest = reward.prepare(domain)
    return reward


def a_reference(domain):
    return max(reference_replies(domain), key=len)


def test_a_reference_reply_is_worth_1_whatever_its_numbers_and_its_encoding(reward, domain):
    line = a_reference(domain)
    assert reward.score_episode(talk(line)).value == pytest.approx(1.0, abs=1e-5)
    other = unicodedata.normalize("NFD", line.replace("4", "9")) + "  "
    assert reward.score_episode(talk(other)).value == pytest.approx(1.0, abs=1e-5)


def test_the_least_similar_reply_counts_and_is_the_evidence(reward, domain):
    result = reward.score_episode(talk(a_reference(domain), "banana quantum", a_reference(domain)))
    assert result.value < 0.9
    assert result.evidence == (1,)


def test_further_replies_and_repetition_pay_nothing(reward, domain):
    bad, good = "banana quantum", a_reference(domain)
    alone = reward.score_episode(talk(bad)).value
    assert reward.score_episode(talk(bad, good, good)).value == alone
    assert reward.score_episode(talk(f"{good} " * 3)).value <= reward.score_episode(talk(good)).value + 1e-6


def test_a_reply_has_its_value_whatever_was_scored_before(domain, folder, reward):
    lines = ["Hello.", a_reference(domain), "Xin chào", "…"]
    forwards = [reward.score_episode(talk(line)).value for line in lines]
    again = StyleEmbed()
    again.prepare(domain)
    again._embedder = Embedder(folder)
    assert [again.score_episode(talk(line)).value for line in reversed(lines)] == forwards[::-1]


def test_it_does_not_apply_where_nothing_is_said(reward):
    assert reward.score_episode(talk()) is None
    assert reward.score_episode(ccgym.Episode()) is None


def test_text_that_is_no_unicode_is_no_failure(reward):
    assert 0 <= reward.score_episode(talk("\ud83d ạ 😀")).value <= 1


def test_the_digest_is_that_of_model_and_replies(reward, domain, folder, tmp_path, monkeypatch):
    assert reward.prepare(domain) == reward.digest
    monkeypatch.setenv("CCGYM_STYLE_EMBED", str(make_model(tmp_path, ["other"])))
    assert StyleEmbed().prepare(domain) != reward.digest


def test_without_a_model_it_is_unscored_and_says_what_to_set(domain, monkeypatch):
    monkeypatch.delenv("CCGYM_STYLE_EMBED", raising=False)
    reward = StyleEmbed()
    assert reward.prepare(domain) is None
    assert "CCGYM_STYLE_EMBED" in reward.score_episode(talk("Hello.")).explanation


@pytest.mark.parametrize("unsafe", [False, True])
def test_a_folder_without_safe_weights_is_an_error_that_names_it(folder, tmp_path, unsafe):
    import shutil

    copy = tmp_path / "copy"
    if unsafe:
        shutil.copytree(folder, copy)
        for path in copy.rglob("*.safetensors"):
            path.rename(path.with_suffix(".bin"))
    with pytest.raises(ccgym.CcgymError, match="copy"):
        Embedder(copy)
