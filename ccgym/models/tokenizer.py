"""The tiny model's tokenizer: byte-level BPE, every digit a token of its own, compact on the text of turns.

A byte-level alphabet means that any Unicode text comes back exactly as it went in; nothing is normalised.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

SPECIAL = (
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eot_id|>",
    "<|finetune_right_pad_id|>",
)
BOS, END, HEADER, HEADER_END, EOT, PAD = SPECIAL

PHRASES = (
    '<tool_call>{"name":"',
    '","arguments":{"',
    '","arguments":{}}</tool_call>',
    '"}}</tool_call>',
    "}}</tool_call>",
    '<tool_response>{"id":"',
    '","name":"',
    '","result":{"',
    '","error":{"code":"',
    '","message":"',
    '"}}</tool_response>',
    "}}</tool_response>",
    "<tool_call>",
    "</tool_call>",
    "<tool_response>",
    "</tool_response>",
    "<think>",
    "</think>",
)
"""Whole tokens of the text of turns. They are ordinary text, not special: they decode, and BPE can spell them too."""

WORDS = ("system", "user", "assistant", "ipython", "\n\n")
"""Other text that is always one token."""

_PATTERN = (
    "|".join(phrase.replace("{", r"\{").replace("}", r"\}") for phrase in PHRASES)
    # Line breaks stand alone, so that a message's text never merges with the break after its header.
    + r"|\n\n|\n"
    # A digit is a token of its own, and so is the space before it: a number looks the same wherever it stands.
    + r"|\p{N}| ?[\p{L}\p{M}_]+| ?[^\s\p{L}\p{M}\p{N}_]+|[^\S\n]"
)

CHAT_TEMPLATE = """\
{{- bos_token }}
{%- for message in messages %}
    {%- set role = 'ipython' if message['role'] == 'tool' else message['role'] %}
    {{- '<|start_header_id|>' + role + '<|end_header_id|>\\n\\n' }}
    {%- if role == 'assistant' %}
        {%- generation %}
            {{- message['content'] + '<|eot_id|>' }}
        {%- endgeneration %}
    {%- else %}
        {{- message['content'] + '<|eot_id|>' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
"""
"""Llama 3.1's layout, with every content kept to the letter. `tool` messages get Llama's role `ipython`."""


def train_tokenizer(texts: Iterable[str], size: int = 2048) -> Any:
    """Train the tokenizer. Returns a `PreTrainedTokenizerFast` of at most `size` tokens, with the chat template."""
    import json

    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    pieces = pre_tokenizers.Split(Regex(_PATTERN), behavior="isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pieces, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    whole = PHRASES + WORDS
    trainer = trainers.BpeTrainer(
        vocab_size=size - len(whole),
        special_tokens=list(SPECIAL),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    hidden = sorted(PHRASES, key=len, reverse=True)
    tokenizer.train_from_iterator((_loosened(text, hidden) for text in texts), trainer)

    spec = json.loads(tokenizer.to_str())
    vocab = spec["model"]["vocab"]
    # `ignore_merges` looks a whole piece up before it merges: so these need no intermediate tokens.
    spec["model"]["ignore_merges"] = True
    for text in whole:
        vocab.setdefault(_as_bytes(text), len(vocab))
    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(spec)),
        bos_token=BOS,
        eos_token=EOT,
        pad_token=PAD,
        additional_special_tokens=[END, HEADER, HEADER_END],
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
        model_max_length=4096,
        padding_side="right",
    )


def _loosened(text: str, phrases: list[str]) -> str:
    """The text with the whole phrases cut out and names cut before each `_`, so that BPE spends no merges on either.

    `verify_customer` becomes `verify` and `_customer`: a few hundred such pieces spell most tools and fields.
    """
    for phrase in phrases:
        text = text.replace(phrase, "\n")
    return text.replace("_", "\n_")


def _as_bytes(text: str) -> str:
    """The text in the alphabet of byte-level BPE."""
    from tokenizers import pre_tokenizers

    return "".join(
        piece for piece, _ in pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False).pre_tokenize_str(text)
    )
