"""A random tiny Llama and a tokenizer trained on a handful of lines: enough to test tokens, caches and sampling."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

LLAMA = (
    "{{- bos_token }}{%- for m in messages %}"
    "{%- set role = 'ipython' if m.role == 'tool' else m.role %}"
    "{{- '<|start_header_id|>' + role + '<|end_header_id|>\n\n' + m.content + '<|eot_id|>' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{%- endif %}"
)
CHATML = (
    "{%- for m in messages %}{%- if m.role == 'tool' %}"
    "{{- '<|im_start|>user\n<tool_response>\n' + m.content + '\n</tool_response><|im_end|>\n' }}"
    "{%- else %}{{- '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{%- endif %}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}"
)
LLAMA_TOKENS = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
CHATML_TOKENS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
LINES = [
    "system user assistant ipython tool You help customers. Rule 1: be kind (always).",
    "Where is my order W12? I'd like to know. Let me look, one moment. It left on 3 May. Thanks",
    'Cảm ơn bạn! <tool_call>{"name": "get_order", "arguments": {"order_id": "W1"}}</tool_call>',
    '<tool_response>{"id": "call_1", "name": "get_order", "result": {"status": "open"}}</tool_response>',
]


@lru_cache
def tokenizer(template: str = LLAMA) -> Any:
    """A byte-level BPE tokenizer with the control tokens of its chat template."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokens = CHATML_TOKENS if template == CHATML else LLAMA_TOKENS
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=500, special_tokens=tokens, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    bpe.train_from_iterator(LINES, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=bpe, bos_token=tokens[0], eos_token=tokens[-1], pad_token=tokens[1], model_max_length=4096
    )
    fast.chat_template = template
    return fast


def model(vocabulary: int | None = None, *, seed: int = 0, width: int = 64, layers: int = 2, kv_heads: int = 2) -> Any:
    """A Llama with random weights, in evaluation mode. Weights are larger than usual, so that logits differ."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=vocabulary or len(tokenizer()), hidden_size=width, intermediate_size=2 * width,
        num_hidden_layers=layers, num_attention_heads=4, num_key_value_heads=kv_heads, max_position_embeddings=2048,
        bos_token_id=0, eos_token_id=4, pad_token_id=1, initializer_range=0.2, tie_word_embeddings=True,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LlamaForCausalLM(config).eval()


def save(folder: Path, **kwargs: Any) -> Path:
    """Model and tokenizer as a folder that `hf:PATH` can load."""
    model(**kwargs).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder
