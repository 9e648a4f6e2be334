"""The rewards `format`, `efficiency`, `style` and `diversity`: what they pay for, and that padding never pays."""

from __future__ import annotations

import random
import unicodedata

import pytest
from ccgym_rewards._tfidf import Tfidf
from helpers import bad, call, say, talk, write
from hypothesis import given, settings
from hypothesis import strategies as st

import ccgym
from ccgym.scoring import Scorer
from ccgym.types import Episode

REFERENCE = {"turns": 3, "calls": 1, "chars": 120}


def score(name, *moves, **fields):
    (scored,) = Scorer({name: 1.0}).score_episode(talk(*moves, **fields))
    assert scored.status != "failed", scored.explanation
    return scored


def value(name, *moves, **fields):
    return score(name, *moves, **fields).value


# --- format ---------------------------------------------------------------------------------------------------------


def test_well_formed_turns_have_the_format():
    assert value("format", call("look"), say("Done.")) == 1.0


@pytest.mark.parametrize(
    "move",
    [
        bad("x"),
        bad("x", "forged_token"),
        *(call("x", e) for e in ("bad_json", "unknown_tool", "bad_arguments")),
    ],
)
def test_a_malformed_turn_costs_half_and_is_cited(move):
    scored = score("format", say("Hi."), move, say("Done."))
    assert scored.value == 0.5
    assert "step 2" in scored.explanation
    assert len(scored.evidence) == 1


@pytest.mark.parametrize("code", ["not_found", "tool_raised", "not_open"])
def test_what_a_tool_refuses_is_no_matter_of_format(code):
    assert value("format", call("look", code), say("Done.")) == 1.0


def test_what_the_customer_calls_wrong_is_not_the_agents_format():
    assert value("format", call("restart", "bad_arguments", requestor="user"), say("Done.")) == 1.0


def test_good_turns_do_not_win_back_what_a_bad_one_lost():
    assert value("format", bad("x"), say("a")) == value("format", bad("x"), *[say("a")] * 50)


def test_without_a_turn_there_is_no_format():
    assert score("format", ended="policy_error").status == "not_applicable"


# --- efficiency -----------------------------------------------------------------------------------------------------


def test_as_short_as_the_reference_or_shorter_is_1():
    assert value("efficiency", call("look"), write("cancel"), say("Done."), reference=REFERENCE) == 1.0
    assert value("efficiency", say("Done."), reference=REFERENCE) == 1.0


def test_more_turns_calls_asked_twice_and_more_words_each_cost():
    short = [call("look"), say("Done.")]
    for detour in ([say("Hm."), say("Hm.")], [call("look")], [say("word " * 100)]):
        assert value("efficiency", *detour, *short, reference=REFERENCE) < 1.0


def test_a_call_is_repeated_only_while_nothing_changed_since():
    def repeats(*moves):
        return len(score("efficiency", *moves, say("Done.")).evidence)

    look = call("look", id="W1")
    assert repeats(look, look, look) == 2
    assert repeats(look, write("cancel"), look) == 0
    assert repeats(look, call("look", id="W2"), call("peek", id="W1")) == 0
    assert repeats(look, write("restart", requestor="user"), look) == 0
    assert repeats(call("look", "not_found", id="W1"), call("look", "not_found", id="W1")) == 1
    assert repeats(write("cancel"), call("cancel", effect="write")) == 1, "a write again that changes nothing"


def test_length_is_in_tokens_only_where_all_turns_and_the_reference_have_them():
    counted = {**REFERENCE, "tokens": 10}
    assert score("efficiency", say("Done.", tokens=20), reference=counted).parts["length"] == 0.5
    assert score("efficiency", say("Done.", tokens=20), reference=REFERENCE).parts["length"] == 1.0
    assert score("efficiency", say("Done.", tokens=20), say("Bye."), reference=counted).parts["length"] == 1.0


def test_without_a_reference_only_repeated_calls_count():
    scored = score("efficiency", call("look"), call("look"), say("Done."))
    assert (scored.value, scored.parts) == (0.5, {"calls": 0.5})


def test_without_a_turn_there_is_no_efficiency():
    assert score("efficiency", ended="policy_error").status == "not_applicable"


# --- style ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rude",
    [
        "PLEASE STOP SHOUTING NOW please",
        "Please wait!!!",
        "Pleeeeease wait",
        "please u gotta wait",
        "Please wait, you idiot",
        "As an AI I thank you",
        "**Please** wait",
        "Xin chờ, ko được",
        "Xin im đi",
        "Dạ đơn của bạn đc rồi ạ",
    ],
)
def test_bad_manners_cost(rude):
    scored = score("style", say(rude))
    assert scored.value < 1.0
    assert scored.evidence


@pytest.mark.parametrize(
    "kind",
    [
        "Thank you. Order W1234 is now cancelled, and 20.50 USD will be refunded.",
        "Please tell me your order number and the last 4 digits of your phone.",
        "Dạ, đơn hàng 1234 đã được hủy ạ. Cảm ơn bạn!",
        "Bạn cho mình xin mã đơn nhé?",
        "Sorry, NASA Ltd. and IBM cannot be reached...",
    ],
)
def test_good_manners_in_both_languages_cost_nothing(kind):
    for form in ("NFC", "NFD"):
        assert value("style", say(unicodedata.normalize(form, kind))) == 1.0


def test_a_talk_without_a_polite_word_costs_a_little():
    assert value("style", say("Order 1 is cancelled.")) == pytest.approx(0.9)
    assert value("style", say("Order 1 is cancelled."), say("Thank you.")) == 1.0
    assert value("style", say("Đơn đã hủy.")) == pytest.approx(0.9)


def test_a_talk_is_as_good_as_its_worst_line():
    lines = [say("Please wait."), say("Please wait, you idiot.")]
    assert value("style", *lines) == value("style", *lines, *[say("Thank you.")] * 20) < 1.0


def test_who_says_nothing_has_no_style():
    assert score("style", call("look"), bad("x"), ended="max_steps").status == "not_applicable"


class Shop:
    """As much of a domain as `style` reads."""

    name = "Shop"

    def __init__(self, *replies):
        self.templates = {}
        task = {"expect": {"actions": [{"say": text} for text in replies], "say": ["W1", "is now cancelled as asked"]}}
        self.tasks = {"t": type("Task", (), {"as_json": lambda self: task})()}


SHOP = Shop(
    "Please tell me your order number.",
    "Thank you, order 1234 is now cancelled.",
    "Dạ, đơn 1234 đã được hủy ạ.",
)


def styled(text, domain=SHOP):
    (scored,) = Scorer({"style": 1.0}, domain=domain).score_episode(talk(say(text)))
    return scored


def test_replies_near_the_references_are_similar_whatever_their_numbers():
    assert styled("Thank you, order 98 is now cancelled.").parts["similarity"] == 1.0
    assert styled(unicodedata.normalize("NFD", "Dạ, đơn 7 đã được hủy ạ.")).parts["similarity"] == 1.0
    near = styled("Thank you, your order 98 was cancelled.").parts["similarity"]
    far = styled("Bananas are rich in potassium, thank you.").parts["similarity"]
    assert far < near < 1.0
    assert styled("zzz").parts["similarity"] == 0.0


def test_style_is_fitted_on_the_domain_and_its_digest_recorded():
    fitted = Scorer({"style": 1.0}, domain=SHOP).fitted["style"]
    assert fitted == Scorer({"style": 1.0}, domain=SHOP).fitted["style"]
    assert fitted != Scorer({"style": 1.0}, domain=Shop("Hello.")).fitted["style"]
    silent = Shop()
    silent.tasks = {}
    assert Scorer({"style": 1.0}, domain=silent).fitted == {}


def test_a_first_party_domain_gives_its_templates_replies():
    domain = ccgym.make("ccgym/OrderDesk-v0").domain
    template = sorted(domain.templates)[0]
    actions = domain.draw(template, "test", 5).as_json()["expect"]["actions"]
    reply = next(action["say"] for action in actions if "say" in action)
    assert styled(reply, domain).parts["similarity"] > 0.9


def test_the_order_of_the_reference_replies_changes_nothing():
    lines = [f"{a} order {b}" for a in ("cancel", "return", "track", "send") for b in ("please", "now", "today")]
    shuffled = random.Random(1).sample(lines, len(lines))
    assert Tfidf(lines).digest == Tfidf(shuffled).digest
    assert Tfidf(lines).similarity("return it now") == Tfidf(shuffled).similarity("return it now")


HUGE = ["a ", "!?", "ạ", "Ạ", "A", "A ", "AAA ", "<", "</a", "#", "please ", "ko", "1", "W1 "]


@pytest.mark.parametrize("text", [part * 100_000 for part in HUGE], ids=HUGE)
def test_a_huge_reply_is_scored_like_any_other(text):
    assert 0.0 <= styled(text).value <= 1.0


# --- diversity ------------------------------------------------------------------------------------------------------


def group(*episodes):
    found = Scorer({"diversity": 1.0}).score_group(episodes, rescore=False)
    assert not any(scored.status == "failed" for member in found.scores for scored in member)
    return found


def member(*moves, correct=1.0, **fields):
    return talk(*moves, rewards={"correctness": correct}, **fields)


A, B, C = (member(call(name), say(f"{name} it is")) for name in ("look", "peek", "stare"))


def test_members_who_go_their_own_way_are_paid_more_than_those_who_go_the_same():
    columns = group(A, A, B).columns["diversity"]
    assert columns[0] == columns[1] < columns[2]


def test_all_the_same_pays_nothing_for_words_and_little_for_calls():
    same = group(A, A, A, A)
    assert same.columns["diversity"] == pytest.approx([1 / 8] * 4)
    assert same.metrics == {"diversity/cosine": pytest.approx(1.0), "diversity/unique_sequences": 0.25}


def test_the_metrics_are_the_share_of_unique_sequences_and_the_mean_cosine():
    found = group(A, B, C, member(call("look"), say("other words entirely")))
    assert found.metrics["diversity/unique_sequences"] == pytest.approx(3 / 4)
    assert 0 < found.metrics["diversity/cosine"] < 1


def test_only_correct_members_are_paid():
    wrong = member(call("wander"), say("something else"), correct=0.0)
    found = group(A, B, wrong)
    assert found.columns["diversity"][2] == 0.0
    assert found.columns["diversity"][0] > 0
    assert found.scores[2][0].parts["unique_sequences"] == 1.0, "a collapse is seen in all members"


def test_without_correctness_diversity_is_unscored():
    assert group(talk(say("a")), talk(say("b"))).dropped.keys() == {0, 1}
    assert group(A, B, member(say("c"), correct=None)).dropped.keys() == {2}


def test_alone_there_is_no_diversity():
    found = group(A)
    assert found.columns["diversity"] == [None]
    assert found.scores[0][0].status == "not_applicable"


def test_failed_and_repeated_calls_make_no_way_of_ones_own():
    padded = member(call("look"), call("look"), call("nope", "unknown_tool"), say("look it is"))
    assert group(A, padded).columns == group(A, A).columns


def test_those_who_say_nothing_are_alike():
    silent = member(call("leave"), ended="terminal_tool")
    assert group(silent, silent).metrics["diversity/cosine"] == 1.0
    assert group(silent, A).metrics["diversity/cosine"] == 0.0


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_the_order_of_the_members_changes_no_diversity(seed):
    rng = random.Random(seed)
    vocabulary = ["order", "đơn", "please", "ạ", "W1", "2", "thanks"]
    members = [
        member(
            *(call(rng.choice("ab"), id=rng.randrange(3)) for _ in range(rng.randrange(4))),
            *(say(" ".join(rng.choices(vocabulary, k=rng.randrange(1, 9)))) for _ in range(rng.randrange(3))),
            correct=rng.choice([0.0, 1.0]),
        )
        for _ in range(rng.randrange(2, 9))
    ]
    order = rng.sample(range(len(members)), len(members))
    straight = group(*members).columns["diversity"]
    assert group(*(members[i] for i in order)).columns["diversity"] == [straight[i] for i in order]


# --- all of them ----------------------------------------------------------------------------------------------------

MOVES = st.one_of(
    st.text(max_size=40).map(say),
    st.sampled_from(["Please wait.", "Dạ, xin chờ ạ.", "NO NO NO!!!", "u wait"]).map(say),
    st.text(max_size=20).map(bad),
    st.sampled_from([call("look"), call("look", id=1), write("cancel"), call("x", "unknown_tool"), call("y", "no")]),
)
EACH = ("format", "correctness", "efficiency", "style")


def scores_of(moves):
    episode = talk(*moves, reference=REFERENCE, task={"expect": {"say": ["wait"]}})
    return Scorer(dict.fromkeys(EACH, 1.0), domain=SHOP).score_episode(episode), episode


@settings(deadline=None)
@given(st.lists(MOVES, max_size=8))
def test_every_reward_is_in_range_and_the_same_each_time(moves):
    first, episode = scores_of(moves)
    again = Scorer(dict.fromkeys(EACH, 1.0), domain=SHOP).score_episode(Episode(list(episode.events)))
    assert first == again
    for scored in first:
        assert scored.status in ("ok", "not_applicable")
        assert scored.value is None or 0.0 <= scored.value <= 1.0
        assert all(episode.events[n].n == n for n in scored.evidence)


@settings(deadline=None)
@given(st.lists(MOVES, min_size=1, max_size=6), st.data())
def test_padding_never_pays(moves, data):
    """Saying again what was said, asking again what was asked, or filling words in: no reward rises."""
    paid = {scored.name: scored.value for scored in scores_of(moves)[0]}
    padding = data.draw(st.lists(st.sampled_from(moves), min_size=1, max_size=4))
    padded = {scored.name: scored.value for scored in scores_of([*moves, *padding])[0]}
    for name in ("format", "efficiency", "style"):
        assert paid[name] is None or padded[name] <= paid[name] + 1e-12, name


@settings(deadline=None)
@given(
    st.lists(MOVES, min_size=1, max_size=6), st.lists(st.just(say("Thank you, order 1 is now cancelled.")), min_size=1)
)
def test_lines_of_perfect_style_do_not_hide_a_bad_one(moves, padding):
    polite = [say("Please."), *moves]
    paid, padded = scores_of(polite)[0][3].value, scores_of([*polite, *padding])[0][3].value
    assert padded <= paid + 1e-12
