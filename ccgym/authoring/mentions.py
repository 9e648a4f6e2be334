"""Where a sentence of an SOP speaks of a tool: by its name, or by the words that its name is made of."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from ccgym.authoring.lexicon import ANSWERS, NOUNS_VI, VERBS, VERBS_VI
from ccgym.authoring.plans import Plan
from ccgym.authoring.words import has_marks, is_plural, plain, plural, singular, word_set

_TURNS = (
    r"(?!(?:without|before|until|unless|after|once|if|when|while|only|whether|that|which|who|with|truoc|sau|khi|neu|chi|"
    r"chua|xem|rang)\b)"
)
_GAP = rf"(?:[\s/-]+{_TURNS}[\w'’`]+){{0,4}}?[\s/-]+"
_PERSON = (
    r"(?:customer|user|caller|client|member|patient|guest|passenger|person|identit|khach|danh tinh|chinh chu|nguoi goi|"
    r"chu the|chu thue bao|nguoi gui)\w*"
)
_PROVING = (
    r"(?:verif(?:y|ies|ied|ying|ication)\w*|authenticat\w+|identif(?:y|ied|ying|ication)|xac minh|xac thuc|dinh danh)"
)
_LOOKING = (
    r"(?:look(?:s|ed|ing)?(?: it)? ?up|check(?:s|ed|ing)?|retriev\w+|find(?:s|ing)?|fetch\w*|"
    r"pull(?:ed|ing)? up|view\w*|review\w*|search\w*|track\w*|tra cuu|kiem tra|(?<!tra )xem|tim|lay|theo doi|doi chieu)"
)
_TOO_COMMON = word_set(
    "get check find make add create send open place set update change apply give start request order move report file "
    "log submit close hold mark see ask use tell know call run do process note record complete finish return confirm "
    "release flag pay store save rate leave post put write assign has is can tao them mo gui doi sua cap dat bao nap "
    "yeu_cau giao dong chuyen xac_nhan thay bo luu thong_bao ghi lap nop"
)


_IRREGULAR = {
    "withdraw": "withdrew|withdrawn", "send": "sent", "freeze": "froze|frozen", "unfreeze": "unfroze|unfrozen",
    "give": "gave|given", "make": "made", "take": "took|taken", "pay": "paid", "buy": "bought", "sell": "sold",
    "hold": "held", "lend": "lent", "write": "wrote|written", "find": "found", "put": "putting", "set": "setting",
    "rebuild": "rebuilt", "leave": "left", "get": "got|gotten", "begin": "began|begun", "split": "splitting",
}  # fmt: skip
_VAGUE = word_set("status state detail info data list name number type date time hang tin")


class Mention(NamedTuple):
    """A tool in a sentence. `tool` is None where the words fit several."""

    start: int
    end: int
    tool: str | None
    score: int
    """3: its name; 2: its verb and its noun; 1: a verb that no other tool has."""


class Mentions:
    """Finds tools in sentences."""

    def __init__(self, plans: list[Plan], language: str) -> None:
        self.language = language
        self._patterns: list[tuple[str, int, re.Pattern[str]]] = []
        provers = [plan for plan in plans if plan.role == "verify"]
        stems = [_stem(plan) for plan in plans]
        for plan, stem in zip(plans, stems, strict=True):
            if not plan.job.playable:
                continue
            name = re.escape(plan.name.lower())
            self._patterns.append((plan.name, 3, re.compile(rf"(?<![\w.-]){name}(?![\w-])")))
            self._patterns += [(plan.name, 2, pattern) for pattern in self._worded(plan)]
            if len(provers) == 1 and plan is provers[0]:
                both = rf"\b{_PROVING}{_GAP}{_PERSON}|\b{_PERSON}{_GAP}{_PROVING}\b"
                self._patterns.append((plan.name, 2, re.compile(both)))
                self._patterns.append((plan.name, 1, re.compile(rf"\b{_PROVING}\b")))
            elif plan.role in ("status", "create") and stem and stems.count(stem) == 1 and stem not in _TOO_COMMON:
                self._patterns.append((plan.name, 1, re.compile(rf"\b(?:{'|'.join(self._verbs(plan))})\b")))

    def find(self, text: str) -> list[Mention]:
        """The mentions in a plain text, in order; where two overlap, the surer one."""
        found = [
            Mention(match.start(), match.end(), tool, score)
            for tool, score, pattern in self._patterns
            for match in pattern.finditer(text)
        ]
        found.sort(key=lambda m: (-m.score, m.start - m.end))
        kept: list[Mention] = []
        for mention in found:
            rivals = [other for other in kept if other.start < mention.end and mention.start < other.end
                      and not _joined(text, other, mention)]  # fmt: skip
            if not rivals:
                kept.append(mention)
            for rival in rivals:
                same = rival.score == mention.score and rival.end - rival.start <= mention.end - mention.start
                if same and rival.tool != mention.tool and rival in kept:
                    kept[kept.index(rival)] = rival._replace(tool=None)
        return sorted(kept, key=lambda mention: (mention.start, mention.end))

    def _worded(self, plan: Plan) -> Iterable[re.Pattern[str]]:
        verbs, nouns = self._verbs(plan), self._nouns(plan)
        if verbs and nouns:
            verb, noun = "|".join(verbs), "|".join(nouns)
            whose = r"\b(?!['’]s)"
            yield re.compile(rf"\b(?:{verb}){_GAP}(?:{noun}){whose}|\b(?:{noun}){whose}{_GAP}(?:{verb})\b")
        described = re.split(r"[.;:,(\n]", plan.job.tool.description.strip())[0]
        if self.language == "vi" and has_marks(described) and 2 <= len(described.split()) <= 6:
            yield re.compile(rf"\b{re.escape(' '.join(plain(described).split()))}\b")

    def _verbs(self, plan: Plan) -> list[str]:
        words = plan.job.verb.words
        if not words:
            return []
        verb = "_".join(words)
        if plan.job.effect == "read" and plan.role != "verify" and verb not in ANSWERS:
            return [_LOOKING]
        forms = [_inflected(verb)] if "_" not in verb or verb.startswith("check_") else []
        said = re.match(r"([A-Za-z]+)\s+(?:an?|the|all|one)\s", plan.job.tool.description.strip())
        if said and plan.job.effect == "write":  # "Move an appointment"
            forms.append(_inflected(singular(said.group(1).lower())))
        if self.language == "vi":
            forms += [re.escape(plain(text)) for text in VERBS_VI.get(verb, ())]
            if tuple(words) in VERBS:
                forms.append(re.escape(" ".join(words)))
        return forms

    def _nouns(self, plan: Plan) -> list[str]:
        objects = list(plan.job.objects)
        if not objects and plan.entity is not None and plan.key is not None:
            objects = list(plan.entity.noun)
        if not objects:
            return []
        whole, head = " ".join(objects), singular(objects[-1])
        forms = {whole, " ".join([*objects[:-1], head]), " ".join([*objects[:-1], plural(head)])}
        if len(objects) > 1 and head not in _VAGUE:
            forms |= {head, plural(head)}
        if plan.role == "list" and plan.key is None and is_plural(objects[-1]):
            forms -= {head, " ".join([*objects[:-1], head])}  # one of them is looked up by another tool
        if plan.job.effect == "write" and plan.entity is not None and plan.key is not None:
            noun = plan.entity.noun
            spoken = noun[-1] in (head, *objects)
            forms |= {" ".join(noun), " ".join([*noun[:-1], plural(noun[-1])])} if spoken else set()
        if self.language == "vi":
            forms |= {plain(text) for word in (whole, head) for text in NOUNS_VI.get(word, ())}
            if plan.entity is not None and plan.entity.vietnamese and len(objects) > 1 and plan.job.effect == "write":
                forms.add(objects[0]) if objects[0] in ("don", "the", "sim", "ve", "phieu") else None
        return [re.escape(form) for form in sorted(forms, key=len, reverse=True)]


def _joined(text: str, one: Mention, other: Mention) -> bool:
    """Whether two verbs share their noun: "extend or cancel a rental"."""
    first, second = sorted((one, other), key=lambda mention: mention.start)
    between = text[first.start : second.start]
    return first.end == second.end and bool(re.search(r",|\b(?:and|or|va|hoac|hay)\b", between))


def _stem(plan: Plan) -> str:
    return "_".join(plan.job.verb.words)


def _inflected(verb: str) -> str:
    """A pattern of an English verb's forms, and of its nouns in -ation, -ment and the like."""
    irregular = f"{_IRREGULAR[verb]}|" if verb in _IRREGULAR else ""
    verb = verb.replace("_", "[ -]?")
    if verb.endswith("y"):
        return rf"{irregular}{verb[:-1]}(?:y|ies|ied|ying|ication|ications)"
    stem = verb[:-1] if verb.endswith("e") else verb
    endings = "e|es|s|d|ed|ing|ation|ations|lation|lations|ion|ions|al|als|ment|ments|ance|ure"
    return rf"{irregular}{stem}(?:{stem[-1]})?(?:{endings})?"
