"""The words of made-up customers and of references, in English and Vietnamese."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from ccgym.authoring.fields import Argument, noun_of
from ccgym.authoring.lexicon import NOUNS_VI, VERBS_VI
from ccgym.authoring.survey import Job
from ccgym.authoring.words import has_marks, identifier, is_plural, plain, split, spoken

_MARKED = {plain(text): text for texts in NOUNS_VI.values() for text in texts}
_MARKED |= {plain(text): text for texts in VERBS_VI.values() for text in texts}
_MARKED |= {plain(text): text for text in ("nguồn", "đích", "dịch vụ", "khách", "lịch sử", "chi tiết", "hạn", "của")}

_TEXTS = {
    "en": {
        "hello": ["Hello.", "Hi there.", "Good morning.", "Good afternoon.", "Hello, a quick one.",
                  "Hi, thanks for being here.",                   "Good evening.", "Hey."],
        "want": "I would like to {request}.",
        "know": "I would like to know the {what}.",
        "about": "It is about the {noun} with this {label}: {value}.",
        "fact": "{label}: {value}.",
        "ask": "Could you tell me {facts}, please?",
        "the": "the {label}",
        "join": " and ",
        "tell": "{label}: {hole}.",
        "agree": "This would be done: {request} ({facts}). Do you want to go ahead?",
        "done": "Done: {request}. {facts}",
        "is": "The {label} is {value}.",
        "none": "I am sorry: there is no {noun} {key}, so nothing was done.",
        "unproven": "I am sorry: this does not match what is on file for {key}, so nothing was done.",
        "not_now": "I am sorry, this cannot be done for {key}: the {label} is {value}.",
        "person": "I would like to speak to a person. My name is {name}.",
        "named": "My name is {name}.",
        "hand": "Thank you, {name}. One moment please, I am handing you over to a colleague.",
        "finish": "Thank you, {name}. All of that is done.",
    },
    "vi": {
        "hello": ["Chào bạn.", "Xin chào.", "Chào shop.", "Chào em.", "Alo, cho hỏi chút.", "Chào buổi sáng.",
                  "Chào buổi chiều.", "Mình chào bạn."],
        "want": "Mình muốn {request}.",
        "know": "Mình muốn biết {what}.",
        "about": "Việc này về {noun} có {label} là {value}.",
        "fact": "{label} là {value}.",
        "ask": "Bạn cho mình biết {facts} được không ạ?",
        "the": "{label}",
        "join": " và cho biết ",
        "tell": "{label} là {hole}.",
        "agree": "Mình sẽ thực hiện: {request} ({facts}). Bạn có đồng ý tiếp tục không ạ?",
        "done": "Đã xong: {request}. {facts}",
        "is": "{label} là {value}.",
        "none": "Rất tiếc, không có {noun} {key} nên mình chưa làm gì cả.",
        "unproven": "Rất tiếc, thông tin không khớp với {key} nên mình chưa làm gì cả.",
        "not_now": "Rất tiếc, không làm được với {key}: {label} là {value}.",
        "person": "Mình muốn gặp nhân viên. Mình tên là {name}.",
        "named": "Mình tên là {name}.",
        "hand": "Cảm ơn {name}. Chờ một chút nhé, mình chuyển máy cho đồng nghiệp.",
        "finish": "Cảm ơn {name}. Mọi việc đã xong.",
    },
}  # fmt: skip


def say(kind: str, language: str, **holes: Any) -> str:
    """A line, with its holes filled and its first letter large."""
    text = _TEXTS[language][kind]
    assert isinstance(text, str)
    for name, value in holes.items():
        text = text.replace("{" + name + "}", str(value))
    return capital(text)


def hello(language: str, number: int) -> str:
    """A greeting."""
    greetings = _TEXTS[language]["hello"]
    return greetings[number % len(greetings)]


def capital(text: str) -> str:
    """The text with a large first letter."""
    return text[:1].upper() + text[1:]


def noun_words(noun: Sequence[str], language: str) -> str:
    """A noun as people say it."""
    text = " ".join(noun)
    if language == "vi":
        return _MARKED.get(text) or _translated(noun) or text
    return text


def label(argument: Argument, language: str) -> str:
    """What an argument is called in a talk."""
    if language == "vi":
        for text in (argument.schema.get("title"), argument.described):
            if isinstance(text, str) and has_marks(text):
                short = re.split(r"[.,;:(\n–—]| - | ví dụ| VD", text)[0].strip()
                if 1 < len(short) <= 40:
                    return short[:1].lower() + short[1:]
        return name_words(argument.name, language)
    return _clean(f"{argument.label} id" if argument.keyed and noun_of(argument.name) is None else argument.label)


def name_words(name: str, language: str) -> str:
    """A column's name as people say it."""
    words = identifier(name).split("_")
    if language == "vi":
        return _marked(words) or _translated(words) or spoken(name)
    return _clean(spoken(name))


def _clean(text: str) -> str:
    return re.sub(r"[{}?？]", "", text) or "detail"


def _marked(words: list[str]) -> str | None:
    """A Vietnamese name with its marks, known part by known part: `ma don hang` is mã + đơn hàng."""
    if not words:
        return ""
    for cut in range(len(words), 0, -1):
        head, tail = _MARKED.get(" ".join(words[:cut])), _marked(words[cut:])
        if head and tail is not None:
            return f"{head} {tail}".strip()
    return None


def _translated(words: Sequence[str]) -> str | None:
    """English words in Vietnamese, the last one first: `order id` is mã đơn hàng."""
    found = [NOUNS_VI[word][0] for word in reversed(words) if word in NOUNS_VI]
    return " ".join(found) if len(found) == len(words) else None


def request(job: Job, language: str) -> str:
    """What a customer asks for, as it follows "I would like to"."""
    described = re.split(r"[.;:(\n]", job.tool.description.strip())[0].strip()
    if language == "vi":
        if has_marks(described) and len(described) <= 70:
            return re.split(r" (?:theo|bằng|dựa trên) ", described[:1].lower() + described[1:])[0]
        if marked := _marked(split(job.name)):
            return marked
        verbs = VERBS_VI.get("_".join(job.verb.words)) or VERBS_VI.get(job.verb.words[0] if job.verb.words else "")
        if verbs and job.objects and (noun := _translated(job.objects)):
            return f"{verbs[0]} {noun}"
        return spoken(job.name)
    if not job.objects or not job.verb.words:
        return _clean(spoken(job.name))
    verb, what = " ".join(job.verb.words), " ".join(job.objects)
    if job.role in ("read", "list"):
        return _clean(f"see the {what}")
    one = job.role == "create" and not is_plural(job.objects[-1])
    return _clean(f"{verb} {('an' if what[0] in 'aeiou' else 'a') if one else 'the'} {what}")


def shown(value: Any, language: str) -> str:
    """A value as a customer says it."""
    if isinstance(value, bool):
        return {"en": ("no", "yes"), "vi": ("không", "có")}[language][value]
    if value is None:
        return {"en": "none", "vi": "không có"}[language]
    if isinstance(value, list):
        return ", ".join(shown(item, language) for item in value) or shown(None, language)
    if isinstance(value, dict):
        return ", ".join(f"{name_words(key, language)} {shown(item, language)}" for key, item in value.items())
    return str(value)


def facts(pairs: Iterable[tuple[str, Any]], language: str) -> str:
    """Facts as a customer tells them: a sentence each."""
    return " ".join(say("fact", language, label=name, value=shown(value, language)) for name, value in pairs)


def question(labels: Sequence[str], language: str) -> str:
    """A question for facts."""
    lines = _TEXTS[language]
    listed = [str(lines["the"]).replace("{label}", name) for name in labels]
    return say("ask", language, facts=str(lines["join"]).join(listed))
