"""Rebuild the tiny base model: `python -m ccgym.models.build --out DIR`.

The same machine, versions and seed give the same bytes: one thread, and every draw from a seeded stream.
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path
from string import Template
from typing import Any

import torch

from ccgym.models import dialogues, words
from ccgym.models.measure import digit_copying
from ccgym.models.pretrain import SHARES, Plan, new_model, train
from ccgym.models.tokenizer import train_tokenizer
from ccgym.models.words import CORPUS

SMOKE = Plan(steps=4, tokens=1024)
"""Seconds, for a test of the script: the model comes out whole but untrained."""


def build(out: Path, plan: Plan, texts: int = 4000) -> None:
    """Make tokenizer, model and card, and write them to the folder `out`. Prints how it goes."""
    start = time.process_time()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    tokenizer = train_tokenizer(_tokenizer_texts(random.Random(plan.seed), texts))
    model = new_model(len(tokenizer), tokenizer.eos_token_id, tokenizer.bos_token_id, tokenizer.pad_token_id, plan.seed)
    print(f"{model.num_parameters():,} parameters, {len(tokenizer):,} tokens", flush=True)

    def report(step: int, loss: float, accuracy: float) -> None:
        seconds = time.process_time() - start
        print(f"step {step}: loss {loss:.3f}, accuracy {accuracy:.3f}, {seconds:.0f} s of CPU", flush=True)

    train(model, tokenizer, plan, report)
    save(out, model, tokenizer)
    card = _card(model, tokenizer, plan, time.process_time() - start)
    (out / "README.md").write_text(card, encoding="utf-8")


def save(out: Path, model: Any, tokenizer: Any) -> None:
    """Write weights, configuration and tokenizer."""
    model.eval()
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.save_pretrained(out)
    (out / "model.safetensors").chmod(0o644)
    tokenizer.save_pretrained(out)


def _tokenizer_texts(rng: random.Random, count: int) -> list[str]:
    """What the tokenizer learns its pieces from: words that exist, those of back offices above all."""
    names = " ".join(CORPUS["field_names"])
    texts = [line for kind in ("agent", "customer", "procedure") for lines in CORPUS[kind].values() for line in lines]
    texts += [" " + names] * 4 + [names.replace(" ", "\n")] * 8 + [names.title(), *words.everything()]
    texts *= count // 40
    for _ in range(count // 4):
        texts += [message["content"] for message in dialogues.talk(rng, odd=0.0)]
    return texts


def _card(model: Any, tokenizer: Any, plan: Plan, seconds: float) -> str:
    """The model card, with what was measured on fresh samples."""
    rows = []
    for kind in ("talk", "recall", "repeat", "to_json"):
        found = digit_copying(model, tokenizer, kind)
        rows.append(f"| `{kind}` | {SHARES[kind]:.0%} | {found['greedy']:.2%} | {found['sure']:.2%} |")
    config = model.config
    template = Template(Path(__file__).with_name("card.md").read_text(encoding="utf-8"))
    return template.substitute(
        parameters=f"{model.num_parameters():,}",
        layers=config.num_hidden_layers,
        width=config.hidden_size,
        heads=config.num_attention_heads,
        vocabulary=f"{len(tokenizer):,}",
        steps=f"{plan.steps:,}",
        batch=f"{plan.tokens:,}",
        minutes=f"{seconds / 60:.0f}",
        rows="\n".join(rows),
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--smoke", action="store_true", help="a few steps only: does the script work?")
    args = parser.parse_args()
    if args.smoke:
        build(args.out, SMOKE, texts=200)
    else:
        build(args.out, Plan())


if __name__ == "__main__":
    main()
