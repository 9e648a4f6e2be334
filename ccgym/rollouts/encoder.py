"""Messages to tokens, once and exactly: one encoder for the warm start, for sampling and for training.

A prompt is templated once. After it, sampled ids are appended as they were sampled, and what answers them (tools, the
customer) is appended as template tokens around content that cannot hold a control token. Nothing is decoded and
encoded again, so the ids that are trained are the ids that were sampled.

The pieces between contents are read off the tokenizer's own chat template, so any template whose rendering is
`head + content + piece + content …` works (Llama 3, ChatML and Qwen among them). Others are refused at construction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ccgym.errors import CcgymError
from ccgym.types import Episode, Model

ENVIRONMENT_ROLES = ("user", "tool")
_DATE = "26 Jul 2024"
"""Some templates write the date of the day; a fixed one keeps prompts the same on every day."""
_WRAPPERS = (('"', '"'), ("<tool_response>\n", "\n</tool_response>"))
"""What templates put around a tool's answer that our own `<tool_response>` lines already say."""


class EncodingError(CcgymError):
    """The tokenizer's chat template cannot be encoded turn by turn, or a batch of tokens broke an invariant."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """One episode as tokens."""

    ids: list[int]
    mask: list[int]
    """1 = the policy's own token (its stop token included), 0 = prompt and environment. Same length as `ids`."""
    turns: tuple[tuple[int, int], ...]
    """Half-open ranges of `ids`, one for each assistant turn that is trained."""
    logprobs: list[float] | None = None
    """One for each token with mask 1, where they were recorded."""

    @property
    def prompt(self) -> int:
        """How many tokens stand before the first trained one."""
        return self.turns[0][0] if self.turns else len(self.ids)


@dataclass(frozen=True, slots=True)
class Template:
    """The fixed text around contents. `between[a, b]` closes a message of role `a` and opens one of role `b`."""

    head: dict[str, str]
    """First role to the text that precedes its content."""
    between: dict[tuple[str, str], str]
    closing: str
    """What closes an assistant turn: the common beginning of the pieces that follow one."""
    plain_tools: bool
    """The template renders a tool's answer as it is: no role is borrowed and no wrapper left out."""


class Encoder:
    """Encodes with one tokenizer and its chat template.

    Attributes:
        stop_id: the token that ends an assistant turn.
        control_ids: ids that no content and no sample may hold, `stop_id` not among them.

    Raises:
        EncodingError: no chat template, or one that does not render message after message.
    """

    def __init__(self, tokenizer: Any) -> None:
        if not getattr(tokenizer, "chat_template", None):
            raise EncodingError(
                "the tokenizer has no chat template",
                where=str(getattr(tokenizer, "name_or_path", "tokenizer")),
                fix="Add chat_template.jinja to the model's folder",
            )
        self.tokenizer = tokenizer
        self.control_ids = control_ids(tokenizer)
        self.template = _derive(tokenizer)
        self._pieces = {pair: self._control(text) for pair, text in self.template.between.items()}
        self._heads = {role: self._control(text) for role, text in self.template.head.items()}
        closing = self._control(self.template.closing)
        if not closing or closing[0] not in self.control_ids:
            raise EncodingError(
                f"an assistant turn ends with {self.template.closing!r}, which begins with no control token",
                where="chat template",
                fix="Use a template that closes each message with a control token, as Llama 3 and ChatML do",
            )
        self.stop_id = closing[0]
        self.control_ids = self.control_ids - {self.stop_id}
        self.header = self._common_header()
        self._text = lru_cache(maxsize=4096)(self._encode_text)
        self._check()

    # ---- the three ways in

    def prompt(self, messages: Sequence[Mapping[str, Any]]) -> list[int]:
        """Ids of a whole conversation so far, up to and with the header of the assistant's next turn."""
        ids: list[int] = []
        previous: str | None = None
        for message in messages:
            role = message["role"]
            ids += self._open(previous, role)
            ids += self.content(message["content"], strip=role != "assistant")
            previous = role
        return ids + self._open(previous, "assistant")

    def after(
        self, messages: Sequence[Mapping[str, Any]] | str, role: str = "user", *, stopped: bool = True
    ) -> list[int]:
        """Ids of what follows an assistant turn, up to and with the header of the next one.

        Args:
            messages: the observation as text (of role `role`), or the messages that arrived, in order.
            role: `user` or `tool`.
            stopped: whether the turn ended with the stop token; if not, it is added here, as environment.
        """
        if isinstance(messages, str):
            messages = [{"role": role, "content": messages}]
        ids: list[int] = []
        previous = "assistant"
        for message in messages:
            ids += self._open(previous, message["role"])
            ids += self.content(message["content"])
            previous = message["role"]
        ids += self._open(previous, "assistant")
        return ids[1:] if stopped else ids

    def content(self, text: str, *, strip: bool = True) -> list[int]:
        """Ids of untrusted text: special tokens written in it come out as plain characters."""
        return list(self._text(text.strip() if strip else text))

    def encode_episode(self, episode: Episode) -> Encoded:
        """An episode as ids and mask: from its recorded tokens where it has them, else from its text.

        What follows the last assistant turn is left out: nothing is learnt from it.
        """
        models = episode.of(Model)
        return self._from_models(models) if models else self._from_text(messages_by_turn(episode))

    def text(self, ids: Sequence[int]) -> str:
        """The text of sampled ids, without the stop token at their end."""
        if ids and ids[-1] == self.stop_id:
            ids = ids[:-1]
        decoded: str = self.tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        return decoded

    # ---- invariants

    def check_batch(self, batch: Iterable[Encoded], episodes: Iterable[Episode] | None = None) -> None:
        """Assert what training relies on, for every row.

        Lengths agree; each trained run follows an assistant header, holds no control token but a stop token at its
        end, and is one of the recorded turns; and, where the episodes are given, each turn's context is what the
        episode's text encodes to, so it is a prefix of the next one's.

        Raises:
            EncodingError: naming the row, the place and what was found.
        """
        rows = list(batch)
        for number, row in enumerate(rows):
            self._check_row(row, f"row {number}")
        if episodes is None:
            return
        given = list(episodes)
        if len(given) != len(rows):
            raise EncodingError(f"{len(rows)} rows for {len(given)} episodes")
        for number, (row, episode) in enumerate(zip(rows, given, strict=True)):
            self._check_contexts(row, episode, f"row {number}")

    def _check_row(self, row: Encoded, where: str) -> None:
        if len(row.ids) != len(row.mask):
            raise EncodingError(f"{len(row.ids)} ids but {len(row.mask)} mask values", where=where)
        if row.logprobs is not None and len(row.logprobs) != sum(row.mask):
            found = f"{sum(row.mask)} trained tokens but {len(row.logprobs)} log-probabilities"
            raise EncodingError(found, where=where)
        covered = 0
        for start, end in row.turns:
            if not 0 <= start < end <= len(row.ids):
                raise EncodingError(f"turn {start}:{end} lies outside the {len(row.ids)} ids", where=where)
            if 0 in row.mask[start:end]:
                raise EncodingError(f"a token of the assistant turn {start}:{end} is not trained", where=where)
            if row.ids[max(0, start - len(self.header)) : start] != self.header:
                raise EncodingError(f"the trained tokens at {start} follow no assistant header", where=where)
            for place in range(start, end):
                token = row.ids[place]
                if token in self.control_ids or (token == self.stop_id and place != end - 1):
                    name = self.tokenizer.convert_ids_to_tokens(token)
                    raise EncodingError(f"the control token {name} at {place} is trained", where=where)
            covered += end - start
        if covered != sum(row.mask):
            raise EncodingError(f"{sum(row.mask) - covered} trained tokens lie outside assistant turns", where=where)

    def _check_contexts(self, row: Encoded, episode: Episode, where: str) -> None:
        blocks = messages_by_turn(episode)
        if len(blocks) < len(row.turns):
            raise EncodingError(f"{len(row.turns)} trained turns but {len(blocks)} in the episode", where=where)
        place = 0
        for number, (start, end) in enumerate(row.turns):
            context, _ = blocks[number]
            if number == 0:
                expected = self.prompt(context)
            else:
                expected = self.after(context, stopped=row.ids[place - 1] == self.stop_id)
            if row.ids[place:start] != expected:
                raise EncodingError(
                    f"the context of turn {number + 1} ({place}:{start}) is not what the episode's messages encode to",
                    where=where,
                )
            place = end

    # ---- the parts

    def _from_models(self, models: Sequence[Model]) -> Encoded:
        ids: list[int] = []
        mask: list[int] = []
        logprobs: list[float] | None = []
        turns: list[tuple[int, int]] = []
        for event in models:
            sampled = sum(event.mask)
            if sampled:
                turns.append((len(ids) + len(event.ids) - sampled, len(ids) + len(event.ids)))
            ids += event.ids
            mask += event.mask
            if event.logprobs is None:
                logprobs = None
            elif logprobs is not None:
                logprobs += event.logprobs
        last = turns[-1][1] if turns else len(ids)
        return Encoded(ids[:last], mask[:last], tuple(turns), logprobs)

    def _from_text(self, blocks: Sequence[tuple[list[dict[str, Any]], str]]) -> Encoded:
        ids: list[int] = []
        turns: list[tuple[int, int]] = []
        for number, (context, turn) in enumerate(blocks):
            ids += self.after(context) if number else self.prompt(context)
            start = len(ids)
            ids += self.content(turn, strip=False)
            ids.append(self.stop_id)
            turns.append((start, len(ids)))
        mask = [0] * len(ids)
        for start, end in turns:
            mask[start:end] = [1] * (end - start)
        return Encoded(ids, mask, tuple(turns))

    def _open(self, previous: str | None, role: str) -> list[int]:
        pieces = self._heads if previous is None else self._pieces
        key: Any = role if previous is None else (previous, role)
        try:
            return pieces[key]
        except KeyError:
            before = f"after {previous!r}" if previous else "first"
            raise EncodingError(f"the chat template was not seen to render the role {role!r} {before}") from None

    def _control(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer(text, add_special_tokens=False, split_special_tokens=False)["input_ids"]
        return ids

    def _encode_text(self, text: str) -> tuple[int, ...]:
        ids = self.tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        for token in ids:
            if token in self.control_ids or token == self.stop_id:
                name = self.tokenizer.convert_ids_to_tokens(token)
                raise EncodingError(
                    f"the tokenizer makes the control token {name} out of plain text",
                    fix="Use a fast tokenizer that honours split_special_tokens",
                )
        return tuple(ids)

    def _common_header(self) -> list[int]:
        """The longest ending that all openings of an assistant turn share: the assistant's header."""
        openings = [ids for (_, role), ids in self._pieces.items() if role == "assistant"]
        size = 0
        shortest = min(len(ids) for ids in openings)
        while size < shortest and len({tuple(ids[len(ids) - size - 1 :]) for ids in openings}) == 1:
            size += 1
        header = openings[0][len(openings[0]) - size :]
        # What closes the message before is no part of the header.
        while header and header[0] == self.stop_id:
            header = header[1:]
        return header

    def _check(self) -> None:
        """Compare turn-by-turn encoding with the template's own rendering of a plain conversation."""
        talk = [
            {"role": "system", "content": "You help customers.\nRule 1: be kind (always)."},
            {"role": "user", "content": "Where is my order W12? I'd like to know."},
            {"role": "assistant", "content": "Let me look, one moment."},
            {"role": "tool" if self.template.plain_tools else "user", "content": "Cảm ơn bạn!"},
            {"role": "assistant", "content": "It left on 3 May."},
            {"role": "user", "content": "Thanks"},
        ]
        expected = self._control(_render(self.tokenizer, talk))
        found = self.prompt(talk[:2])
        for place in range(2, len(talk), 2):
            found += [*self.content(talk[place]["content"], strip=False), self.stop_id]
            found += self.after([talk[place + 1]])
        found = found[: len(found) - len(self.header)]
        if expected[: len(found)] != found:
            place = next((i for i, pair in enumerate(zip(expected, found, strict=False)) if pair[0] != pair[1]), 0)
            raise EncodingError(
                f"encoding turn by turn differs from the chat template's own rendering at token {place}: "
                f"{self.tokenizer.decode(found[place : place + 8])!r} "
                f"instead of {self.tokenizer.decode(expected[place : place + 8])!r}",
                where="chat template",
                fix="Use a template that renders each message on its own, as Llama 3 and ChatML do",
            )


def control_ids(tokenizer: Any) -> frozenset[int]:
    """Ids of the tokenizer's special tokens: those that steer a template and stand for no text."""
    added = getattr(tokenizer, "added_tokens_decoder", {})
    return frozenset(tokenizer.all_special_ids) | {number for number, token in added.items() if token.special}


def messages_by_turn(episode: Episode) -> list[tuple[list[dict[str, Any]], str]]:
    """For each assistant turn: the messages that are new since the turn before, and the turn's text."""
    blocks: list[tuple[list[dict[str, Any]], str]] = []
    context: list[dict[str, Any]] = []
    given = _given(episode)
    for number, message in enumerate(episode.messages()):
        if message["role"] == "assistant" and number >= given:
            blocks.append((context, message["content"]))
            context = []
        else:
            context.append(message)
    return blocks


def _given(episode: Episode) -> int:
    """How many messages the episode began with: those of step 0."""
    first = Episode([event for event in episode.events if event.step == 0])
    return len(first.messages())


def _render(tokenizer: Any, messages: list[dict[str, Any]]) -> str:
    text: str = tokenizer.apply_chat_template(messages, tokenize=False, date_string=_DATE)
    return text


def _derive(tokenizer: Any) -> Template:
    """Read the pieces off the template by rendering conversations of sentinels."""
    head: dict[str, str] = {}
    between: dict[tuple[str, str], str] = {}
    head["system"], between[("system", "user")], between[("user", "assistant")], between[("assistant", "user")] = _cut(
        tokenizer, ["system", "user", "assistant", "user"]
    )[:4]
    between[("system", "assistant")] = between[("user", "assistant")]
    head["user"] = _cut(tokenizer, ["user", "assistant", "user"])[0]
    plain = False
    try:
        pieces = _cut(tokenizer, ["system", "user", "assistant", "tool", "assistant", "tool", "assistant", "user"])
    except EncodingError:
        opening, ending = between[("assistant", "user")], between[("user", "assistant")]
    else:
        opening, ending, plain = pieces[3], pieces[4], True
        for before, behind in _WRAPPERS:
            if opening.endswith(before) and ending.startswith(behind):
                opening, ending, plain = opening[: -len(before)], ending[len(behind) :], False
    between[("assistant", "tool")], between[("tool", "assistant")] = opening, ending
    # Environment messages close as an assistant's do: what opens the next one is the same after any of them.
    for role in ENVIRONMENT_ROLES:
        between[("user", role)] = between[("tool", role)] = between[("assistant", role)]
    return Template(head, between, _common_prefix(between[("assistant", "user")], opening), plain)


def _common_prefix(first: str, second: str) -> str:
    size = 0
    while size < min(len(first), len(second)) and first[size] == second[size]:
        size += 1
    return first[:size]


def _cut(tokenizer: Any, roles: Sequence[str]) -> list[str]:
    """The text before each sentinel of a rendered conversation, then what follows the last one."""
    # Sentinels are words that no template would write, and that survive trimming.
    words = [f"qx{number}zj" for number in range(len(roles))]
    messages = [{"role": role, "content": word} for role, word in zip(roles, words, strict=True)]
    try:
        text = _render(tokenizer, messages)
    except Exception as error:
        # Templates refuse roles by raising jinja errors of their own making.
        raise EncodingError(f"the chat template does not render the roles {', '.join(roles)}: {error}") from error
    pieces = []
    for word, role in zip(words, roles, strict=True):
        before, found, text = text.partition(word)
        if not found:
            raise EncodingError(f"the chat template drops or moves the message of role {role!r}", where="chat template")
        pieces.append(before)
    return [*pieces, text]
