"""The tiny base model that ships: small, offline, exact to the letter, and able to copy."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

import ccgym.models as models  # noqa: E402
from ccgym.errors import ConfigError  # noqa: E402
from ccgym.models import dialogues, words  # noqa: E402
from ccgym.models.measure import digit_copying  # noqa: E402
from ccgym.models.pretrain import encode, talk_pieces  # noqa: E402
from ccgym.models.tokenizer import PHRASES, SPECIAL  # noqa: E402

FOLDER = models.path("tiny")


@pytest.fixture(scope="module")
def tokenizer():
    return transformers.AutoTokenizer.from_pretrained(FOLDER, local_files_only=True)


@pytest.fixture(scope="module")
def model():
    torch.set_num_threads(1)
    return transformers.AutoModelForCausalLM.from_pretrained(FOLDER, local_files_only=True, dtype=torch.float32).eval()


def ids_of(tokenizer, text, **kw):
    return tokenizer(text, add_special_tokens=False, **kw)["input_ids"]


def test_the_folder_is_whole_and_small():
    weights = {"config.json", "model.safetensors"}
    words = {"tokenizer.json", "tokenizer_config.json", "chat_template.jinja"}
    assert weights | words | {"README.md"} <= {file.name for file in FOLDER.iterdir()}
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) <= 10_000_000


def test_an_unknown_name_is_an_error_that_lists_the_names():
    with pytest.raises(ConfigError, match=r"no built-in model 'huge'.*tiny"):
        models.path("huge")


def test_it_is_a_llama_of_one_to_four_million_parameters(model, tokenizer):
    assert type(model).__name__ == "LlamaForCausalLM"
    assert 1_000_000 <= model.num_parameters() <= 4_000_000
    assert model.config.vocab_size == len(tokenizer)
    assert (
        model.config.eos_token_id
        == model.generation_config.eos_token_id
        == tokenizer.convert_tokens_to_ids("<|eot_id|>")
    )
    assert model.config.pad_token_id == tokenizer.pad_token_id != tokenizer.eos_token_id


def test_every_digit_is_a_token_of_its_own_and_looks_the_same_everywhere(tokenizer):
    alone = [ids_of(tokenizer, digit) for digit in "0123456789"]
    assert all(len(ids) == 1 for ids in alone)
    for text in ("order 4821", '"order_id":"4821"', "W4821", "(4821)", "số4821.", "4821"):
        ids = ids_of(tokenizer, text)
        start = next(i for i in range(len(ids)) if ids[i] == alone[4][0])
        assert ids[start : start + 4] == [alone[int(digit)][0] for digit in "4821"], text


def test_any_unicode_comes_back_as_it_went_in(tokenizer):
    @settings(max_examples=300, deadline=None)
    @given(text=st.text(max_size=60))
    def holds(text):
        assert tokenizer.decode(ids_of(tokenizer, text, split_special_tokens=True)) == text

    holds()


def test_vietnamese_is_compact_and_comes_back_in_nfc(tokenizer):
    text = "Địa chỉ mới của tôi là 12 Nguyễn Trãi, Quận 5, Đà Nẵng. Vui lòng đổi giúp tôi nhé!"
    assert unicodedata.is_normalized("NFC", text)
    ids = ids_of(tokenizer, text)
    assert tokenizer.decode(ids) == text
    assert len(ids) < len(text) / 2
    rng = random.Random(3)
    for _ in range(300):
        line = words.address(rng, "vi") + " " + words.vi_syllable(rng)
        assert unicodedata.is_normalized("NFC", line)
        assert tokenizer.decode(ids_of(tokenizer, line)) == line


def test_the_text_of_turns_is_compact(tokenizer):
    for phrase in PHRASES:
        assert len(ids_of(tokenizer, phrase)) == 1, phrase
    call = '<tool_call>{"name":"get_order","arguments":{"order_id":"4821"}}</tool_call>'
    assert len(ids_of(tokenizer, call)) <= 13


def test_untrusted_text_cannot_spell_a_control_token(tokenizer):
    special = set(tokenizer.all_special_ids)
    text = "".join(SPECIAL) + "<tool_call>"
    assert set(ids_of(tokenizer, text)) & special == special
    assert not set(ids_of(tokenizer, text, split_special_tokens=True)) & special
    assert all(tokenizer.decode([i]) not in SPECIAL for i in range(len(tokenizer)) if i not in special)


MESSAGES = [
    {"role": "system", "content": "Be kind.\n"},
    {"role": "user", "content": "\n Where is 4821? "},
    {"role": "assistant", "content": '<tool_call>{"name":"find","arguments":{"id":"4821"}}</tool_call>'},
    {"role": "tool", "content": '<tool_response>{"id":"c1","name":"find","result":{"at":"Huế"}}</tool_response>'},
    {"role": "assistant", "content": "In Huế."},
]


def test_the_chat_template_is_llama_3_1s_and_keeps_content_to_the_letter(tokenizer):
    text = tokenizer.apply_chat_template(MESSAGES, tokenize=False, add_generation_prompt=True)
    roles = ["system", "user", "assistant", "ipython", "assistant"]
    turns = [
        f"<|start_header_id|>{role}<|end_header_id|>\n\n{message['content']}<|eot_id|>"
        for role, message in zip(roles, MESSAGES, strict=True)
    ]
    assert text == "<|begin_of_text|>" + "".join(turns) + "<|start_header_id|>assistant<|end_header_id|>\n\n"


def test_the_template_marks_what_the_assistant_wrote_with_its_stop(tokenizer):
    out = tokenizer.apply_chat_template(MESSAGES, return_dict=True, return_assistant_tokens_mask=True)
    marked = [token for token, mine in zip(out["input_ids"], out["assistant_masks"], strict=True) if mine]
    assert tokenizer.decode(marked) == MESSAGES[2]["content"] + "<|eot_id|>" + "In Huế.<|eot_id|>"


def test_encoding_turn_by_turn_equals_encoding_at_once(tokenizer):
    rng = random.Random(5)
    for messages in [MESSAGES, *(dialogues.talk(rng) for _ in range(50))]:
        whole = tokenizer.apply_chat_template(messages, return_dict=False)
        [(ids, labels)] = encode(tokenizer, [talk_pieces(messages)])
        assert ids == whole
        assert len(labels) == len(ids)
        for cut in range(1, len(messages)):
            prompt = tokenizer.apply_chat_template(messages[:cut], return_dict=False)
            assert whole[: len(prompt)] == prompt


def test_the_corpus_holds_nothing_of_the_orderdesk_stream():
    corpus = (Path(models.__file__).parent / "corpus.yaml").read_text(encoding="utf-8")
    for line in ("OrderDesk", "cancel_order", "track_order", "return_order", "change_address"):
        assert line not in corpus


@pytest.mark.parametrize(("kind", "floor"), [("talk", 0.97), ("recall", 0.95), ("repeat", 0.97), ("to_json", 0.97)])
def test_it_copies_digits_in_drills_it_has_never_seen(model, tokenizer, kind, floor):
    assert digit_copying(model, tokenizer, kind, count=48, seed=987_654)["greedy"] >= floor


@pytest.mark.slow
def test_the_build_script_makes_a_model_that_loads(tmp_path):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "ccgym.models.build", "--smoke", "--out"]
    for name in ("one", "two"):
        subprocess.run([*command, str(tmp_path / name)], check=True, env=environment, timeout=300, capture_output=True)
    made = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "one")
    assert made.config.vocab_size == len(transformers.AutoTokenizer.from_pretrained(tmp_path / "one"))
    for file in ("model.safetensors", "tokenizer.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
