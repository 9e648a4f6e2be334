"""Messages to tokens, exactly: the ids that are trained are the ids that were sampled."""

from __future__ import annotations

import dataclasses

import pytest

pytest.importorskip("transformers")

import tiny_llama

import ccgym
from ccgym.rollouts.encoder import Encoded, Encoder, EncodingError, messages_by_turn
from ccgym.rollouts.local import TokenPolicy
from ccgym.rollouts.sampler import Sample
from ccgym.types import Message, Model

TEMPLATES = [tiny_llama.LLAMA, tiny_llama.CHATML]
# What Llama 3.1's own template does with tool answers, dates and spaces.
QUOTING = tiny_llama.LLAMA.replace(
    "+ m.content +", "+ (m.content | trim if m.role != 'tool' else m.content | tojson) +"
).replace("{{- bos_token }}", "{{- bos_token }}{%- if not date_string %}{{ raise_exception('no date') }}{%- endif %}")
# What Qwen 3 does with the last turn after the last customer's line.
THINKING = tiny_llama.CHATML.replace(
    "'<|im_start|>' + m.role + '\n' +",
    "'<|im_start|>' + m.role + '\n' + ('<think>\n\n</think>\n\n' if loop.last and m.role == 'assistant' else '') +",
)


def encoder_for(template):
    tokenizer = tiny_llama.tokenizer(tiny_llama.CHATML if "im_start" in template else tiny_llama.LLAMA)
    copied = type(tokenizer)(tokenizer_object=tokenizer.backend_tokenizer, **_tokens(tokenizer))
    copied.chat_template = template
    return Encoder(copied)


def _tokens(tokenizer):
    return {name: getattr(tokenizer, name) for name in ("bos_token", "eos_token", "pad_token")}


@pytest.fixture(params=[*TEMPLATES, QUOTING, THINKING], ids=["llama", "chatml", "quoting", "thinking"])
def encoder(request):
    return encoder_for(request.param)


SYSTEM = {"role": "system", "content": "You help."}
TALK = [
    SYSTEM,
    {"role": "user", "content": "Where is W12?"},
    {"role": "assistant", "content": '<tool_call>{"name": "get_order", "arguments": {}}</tool_call>'},
    {"role": "tool", "content": '<tool_response>{"id": "c1", "name": "get_order", "result": {}}</tool_response>'},
    {"role": "assistant", "content": "It is on its way."},
    {"role": "user", "content": "Thanks"},
]


def shown(encoder, ids):
    return encoder.tokenizer.decode(ids)


def test_turn_by_turn_and_all_at_once_give_the_same_ids(encoder):
    whole = encoder.prompt(TALK)
    ids = encoder.prompt(TALK[:2])
    for place in (2, 4):
        ids += [*encoder.content(TALK[place]["content"]), encoder.stop_id]
        ids += encoder.after([TALK[place + 1]])
    assert ids == whole


@pytest.mark.parametrize("template", TEMPLATES, ids=["llama", "chatml"])
def test_ids_are_those_of_the_templates_own_rendering(template):
    encoder = encoder_for(template)
    talk = [{**m, "role": "user" if m["role"] == "tool" else m["role"]} for m in TALK]
    text = encoder.tokenizer.apply_chat_template(talk, tokenize=False, add_generation_prompt=True)
    assert encoder.prompt(talk) == encoder.tokenizer(text, add_special_tokens=False)["input_ids"]


def test_a_tools_answer_is_wrapped_once_and_not_quoted(encoder):
    text = shown(encoder, encoder.after(TALK[3]["content"], "tool"))
    assert text.count("<tool_response>") == 1
    assert '\n<tool_response>{"id": "c1"' in text
    assert '"<tool_response>' not in text


def test_control_tokens_in_content_come_out_as_plain_characters(encoder):
    hostile = "".join(encoder.tokenizer.all_special_tokens) + " hello"
    ids = encoder.content(hostile)
    assert not set(ids) & (encoder.control_ids | {encoder.stop_id})
    assert shown(encoder, ids) == hostile


def test_a_turn_without_its_stop_token_is_closed_by_the_environment(encoder):
    assert encoder.after("Hi", stopped=False) == [encoder.stop_id, *encoder.after("Hi")]


def test_the_text_of_sampled_ids_leaves_the_stop_token_out(encoder):
    ids = encoder.content("Cảm ơn bạn!")
    assert encoder.text([*ids, encoder.stop_id]) == encoder.text(ids) == "Cảm ơn bạn!"


def test_templates_that_need_the_whole_talk_are_refused():
    with pytest.raises(EncodingError, match="no chat template"):
        encoder_for("")
    with pytest.raises(EncodingError, match="drops or moves"):
        encoder_for(tiny_llama.LLAMA.replace("in messages", "in messages[1:]"))
    with pytest.raises(EncodingError, match="differs from the chat template"):
        encoder_for(tiny_llama.LLAMA.replace("+ m.content +", "+ (m.content if loop.index < 5 else m.content[:2]) +"))
    with pytest.raises(EncodingError, match="no control token"):
        encoder_for("{%- for m in messages %}{{- m.role + ': ' + m.content + '\n' }}{%- endfor %}")


def test_a_given_role_that_the_template_never_showed_is_named(encoder):
    with pytest.raises(EncodingError, match="'critic'"):
        encoder.prompt([SYSTEM, {"role": "critic", "content": "x"}])


# ---- episodes


@pytest.fixture
def played(desk):
    return ccgym.rollout(desk, "oracle", ["cancel", "note", "hand"])


def test_the_mask_of_an_episode_is_one_on_the_agents_turns_and_nothing_else(encoder, played):
    for episode in played:
        encoded = encoder.encode_episode(episode)
        trained = [shown(encoder, encoded.ids[a:b]) for a, b in encoded.turns]
        stop = shown(encoder, [encoder.stop_id])
        assert trained == [turn.content + stop for turn in episode.turns]
        assert sum(encoded.mask) == sum(b - a for a, b in encoded.turns)
        assert encoded.mask[-1] == 1
        encoder.check_batch([encoded], [episode])


def test_earlier_messages_that_a_task_gives_are_context(encoder, desk_with):
    def change(state, tasks):
        tasks[0]["init"] = {"messages": [
            {"role": "user", "content": "Hello?"}, {"role": "assistant", "content": "How can I help?"},
        ]}  # fmt: skip

    (episode,) = ccgym.rollout(desk_with(change), "oracle", ["cancel"])
    encoded = encoder.encode_episode(episode)
    assert len(encoded.turns) == len(episode.turns)
    assert "How can I help?" in shown(encoder, encoded.ids[: encoded.prompt])
    encoder.check_batch([encoded], [episode])


class Writer:
    """A sampler that writes given texts, one a turn, whatever the context."""

    version = "7"

    def __init__(self, encoder, texts):
        self.encoder, self.texts, self.turn, self.asked = encoder, texts, {}, []

    def submit(self, asks):
        self.asked += asks

    def collect(self):
        out = []
        for ask in self.asked:
            place = self.turn.get(ask.key, 0)
            self.turn[ask.key] = place + 1
            # Characters one by one: another split than the tokenizer's own, as models sample now and then.
            ids = [i for char in self.texts[place] for i in self.encoder.content(char, strip=False)]
            ids.append(self.encoder.stop_id)
            out.append((ask.key, Sample(ids, [-0.5] * len(ids))))
        self.asked = []
        return out

    def close(self, key):
        self.turn.pop(key, None)


@pytest.fixture
def sampled(encoder, desk):
    texts = ["oops <tool_call>", '<tool_call>{"name":"get_order","arguments":{"order_id":"W1"}}</tool_call>', "Done."]
    return ccgym.rollout(desk, TokenPolicy("writer", encoder, Writer(encoder, texts)), ["cancel", "refuse"])


def test_recorded_tokens_are_used_as_they_were_sampled(encoder, sampled):
    for episode in sampled:
        encoded = encoder.encode_episode(episode)
        assert [shown(encoder, encoded.ids[a : b - 1]) for a, b in encoded.turns] == [t.content for t in episode.turns]
        assert encoded.ids != encoder._from_text(messages_by_turn(episode)).ids
        assert len(encoded.logprobs) == sum(encoded.mask)
        encoder.check_batch([encoded], [episode])


def test_each_turns_context_is_a_prefix_of_the_next(encoder, sampled):
    for episode in sampled:
        whole = encoder.encode_episode(episode).ids
        seen: list[int] = []
        for event in episode.of(Model):
            seen += event.ids
            assert whole[: len(seen)] == seen
            assert event.version == "7"


def test_a_format_error_is_answered_in_the_tokens_too(encoder, sampled):
    text = shown(encoder, encoder.encode_episode(sampled[0]).ids)
    assert '"code":"bad_format"' in text


def broken(encoded: Encoded, **changes) -> Encoded:
    return dataclasses.replace(encoded, **changes)


def test_broken_batches_are_caught(encoder, sampled):
    episode = sampled[0]
    good = encoder.encode_episode(episode)
    (start, end), (second, _) = good.turns[0], good.turns[1]
    mask = list(good.mask)
    cases = {
        "mask values": broken(good, mask=mask[:-1]),
        "log-probabilities": broken(good, logprobs=good.logprobs[:-1]),
        "is not trained": broken(good, mask=[*mask[:start], 0, *mask[start + 1 :]], logprobs=None),
        "lie outside": broken(good, mask=[1, *mask[1:]], logprobs=None),
        "follow no assistant header": broken(good, turns=((start + 1, end), *good.turns[1:])),
        "control token": broken(good, ids=[*good.ids[:start], encoder.stop_id, *good.ids[start + 1 :]]),
        "is not what the episode": broken(good, ids=[*good.ids[:end], *[40] * 2, *good.ids[end + 2 :]]),
    }
    assert second > end + 2
    for words, row in cases.items():
        with pytest.raises(EncodingError, match=words):
            encoder.check_batch([row], [episode])
    with pytest.raises(EncodingError, match="2 rows for 1 episodes"):
        encoder.check_batch([good, good], [episode])


def test_what_follows_the_last_turn_is_left_out(encoder, sampled):
    episode = sampled[0]
    tail = episode.of(Message)[-1]
    assert tail.role == "assistant"
    assert encoder.encode_episode(episode).ids[-1] == encoder.stop_id
