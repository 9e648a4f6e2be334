"""What the reward promises: every reply counts, in both languages, and saying more never pays."""

import unicodedata

import pytest
from ccgym_reward_politeness import WORDS, Politeness, is_polite

import ccgym
from ccgym.types import Message


def talk(*lines):
    """An episode in which the agent says these lines."""
    message = {"episode": 0, "hash": "", "role": "assistant"}
    return ccgym.Episode([Message(n=n, step=n + 1, content=line, **message) for n, line in enumerate(lines)])


def score(*lines):
    return Politeness().score_episode(talk(*lines))


@pytest.mark.parametrize(
    "line",
    [
        "Thank you, it has shipped.", "PLEASE tell me its number.", "Dạ, đơn hàng đã được gửi ạ.",
        "Thưa chị, mã đơn là gì?", "Anh/chị cho biết mã đơn.", "Vâng.",
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_polite_line_is_polite_however_its_letters_are_encoded(line, form):
    assert is_polite(unicodedata.normalize(form, line))


@pytest.mark.parametrize(
    "line", ["It has shipped.", "Đơn đã gửi.", "", "   ", "😀", "Thank you, idiot.", "Dạ mày chờ đi.", "Pleasejunk"]
)
def test_a_line_with_no_polite_word_or_with_a_rude_one_is_not(line):
    assert not is_polite(line)


def test_the_lists_are_in_the_form_in_which_texts_are_compared():
    for words in WORDS.values():
        assert words == [unicodedata.normalize("NFC", word).casefold() for word in words]
        assert len(set(words)) == len(words)


def test_the_replies_that_are_not_polite_are_the_evidence():
    episode = talk("Which order?", "Please wait.")
    result = Politeness().score_episode(episode)
    assert (result.value, result.explanation) == (0.5, "1 of 2 replies not polite")
    assert dict(episode.replies)[result.evidence[0]] == "Which order?"


def test_repeating_polite_words_pays_nothing():
    assert score("Thank you. " * 50).value == score("Thank you.").value == 1.0
    assert score("Which order?" + " Which order?" * 50).value == score("Which order?").value


def test_further_polite_replies_pay_nothing():
    assert score("Which order?", "Thank you!", "Thank you!").value == score("Which order?").value == 0.5


def test_it_does_not_apply_where_nothing_is_said():
    silent = ccgym.rollout("ccgym/OrderDesk-v0", "null", ["track-where"])[0]
    assert Politeness().score_episode(silent) is None
    assert Politeness().score_episode(ccgym.Episode()) is None


def test_it_scores_under_its_name():
    episode = ccgym.enact("ccgym/OrderDesk-v0", "track-where", say=["Thank you, it has shipped."])
    scored = ccgym.score([episode], [Politeness])[0]["politeness"]
    assert scored.status == "ok"
