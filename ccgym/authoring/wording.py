"""The words by which the prose of an SOP demands, forbids, permits, counts and excepts, in English and Vietnamese.

All are held against plain text: lower case, without Vietnamese marks.
"""

from __future__ import annotations

import re

from ccgym.authoring.lexicon import NOUNS_VI, VERBS_VI
from ccgym.authoring.words import plain, word_set

BEFORE = re.compile(r"\b(?:before|prior to|truoc khi)\b")
ONLY = re.compile(r"\b(?:only|chi)\b")
THEN = re.compile(r"\b(?:after|once|if|when|while|sau khi|khi|neu)\b")
FORBID = re.compile(
    r"\b(?:never|do not|don't|must not|may not|cannot|can't|shall not|should not|shouldn't|not allowed to|"
    r"not permitted to|no agent may|under no circumstances|never acceptable to|"
    r"khong bao gio|tuyet doi khong|nghiem cam|khong duoc phep|khong duoc|cam|dung|"
    r"khong)\b"
)
STRICT = re.compile(
    r"\b(?:never|must not|not allowed to|under no circumstances(?: may you| must you)?|khong bao gio|tuyet doi khong|"
    r"nghiem cam|khong duoc phep|cam)\b"
)
USE = word_set("call use run invoke the tool function ever duoc goi su dung cong cu ham phep")
"""Words between "never" and a tool that change nothing."""
AT_ALL = re.compile(
    r"(?:at all|ever|under any circumstances|for any reason|trong (?:moi|bat ky) truong hop(?: nao)?|"
    r"duoi (?:moi|bat ky) hinh thuc(?: nao)?|vi bat ky ly do(?: nao| gi)?)?[\s.!;]*"
)
"""Words behind "never" and a tool that change nothing."""
WITHOUT = re.compile(
    r"\b(?:without|until|unless|(?:khi|neu|ma)(?: \w+){0,4}? chua|ma khong|cho den khi|cho toi khi|khi khong)\b"
)
PERMIT = re.compile(
    r"\b(?:not need|need not|needn't|no need|not required|not necessary|optional|optionally|does not have to|"
    r"do not have to|don't have to|khong can|khong bat buoc|khong nhat thiet|tuy chon|neu can|if needed|if necessary|"
    r"where possible|if possible|ideally|try to|nen)\b"
)
EXCEPT = re.compile(
    r"\b(?:except|exceptions?|unless otherwise|other than|apart from|ngoai tru|tru khi|tru truong hop|ngoai le)\b"
)
CASE = re.compile(r"^(?:if|for|in case|in the case|with|neu|doi voi|truong hop|voi)\b")
YES = r"(?:confirm\w*|consent\w*|agree\w*|approv\w+|permission|go-ahead|accept\w*)"
PARTY = r"(?:customers?|users?|callers?|clients?|members?|patients?|guests?|passengers?|them|they|readers?)"
YES_VI = r"(?:xac nhan|dong y|chap thuan|cho phep)"
PARTY_VI = r"(?:khach(?: hang)?|nguoi \w+|benh nhan|doc gia|chu \w+)"
AGREED = re.compile(
    rf"\b{YES}\b(?:\W+\w+){{0,6}}?\W+(?:with|from|of|by)\W+(?:the |your |their )?{PARTY}\b|"
    rf"\b{PARTY}(?:'s|’s)?(?:\W+\w+){{0,4}}?\W+{YES}\b|"
    rf"\b(?:obtain|get|ask for|request|wait for|require|seek|have)\w*\W+(?:\w+\W+){{0,3}}?"
    rf"(?:confirmation|consent|approval|permission|agreement|go-ahead)\b|"
    rf"\bexplicit\w*\W+(?:\w+\W+){{0,2}}?{YES}\b|\bconfirm\b(?:\W+\w+)?\W+with\b|"
    rf"\b{YES_VI}(?: lai)?(?: \w+){{0,6}}? (?:voi|cua|tu) {PARTY_VI}\b|\b{PARTY_VI}(?: \w+){{0,4}}? {YES_VI}\b|"
    rf"\bsu dong y\b"
)
WHO = re.compile(r"\b(?:identit\w+|danh tinh|chinh chu|who (?:they|he|she))\b")
MOST = re.compile(
    r"\b(?:at most|no more than|not more than|maximum of|max\.?|up to|toi da|khong qua|nhieu nhat|only|chi duoc|chi)\s+"
    r"(?:\w+\s+){0,3}?(once|twice|one|two|three|four|five|mot|hai|ba|bon|nam|\d{1,2})\b(?:\s+(\w+))?"
)
MORE = re.compile(
    r"\b(?:more than|over|qua|hon)\s+(once|twice|one|two|three|four|five|mot|hai|ba|bon|nam|\d{1,2})\b(?:\s+(\w+))?"
)
"""Behind a "never": never more than …"""
EACH = re.compile(r"\b(?:each|every|moi)\s+(\w+(?:\s+\w+)?)")
PER = re.compile(
    r"\b(?:per|for each|for every|for one|for the same|moi|cho moi|tren mot|cho mot|cho cung mot)\s+(\w+(?:\s+\w+)?)"
)
TIMED = re.compile(
    r"\b(?:an?|per|each|every|one|moi|mot|trong|within|in)\s+(?:\d+\s+)?(?:calendar |business )?"
    r"(?:days?|weeks?|months?|years?|hours?|ngay|tuan|thang|nam|gio)\b|\b(?:daily|weekly|monthly|yearly)\b"
)
EVERY = re.compile(
    r"\b(?:any|all|every|each|moi|bat ky|bat cu|cac)\s+(?:\w+\s+){0,3}?"
    r"(?:action|change|update|write|modification|thay doi|thao tac|cap nhat|chinh sua)s?\b|"
    r"\b(?:making|make)\s+(?:any\s+)?changes\b|\bconsequential\s+actions?\b|"
    r"\bactions?\s+(?:that|which)\s+(?:update|change|modify|write|alter)s?\b"
)
SOUNDS = re.compile(
    r"\b(?:before|only|must|never|always|at most|no more than|do not|don't|shall|required|require|without|unless|until|"
    r"not allowed|maximum|roi moi|xong moi|moi duoc|"
    r"truoc khi|chi duoc|chi khi|phai|khong duoc|khong bao gio|tuyet doi|toi da|bat buoc|luon|"
    r"nghiem cam)\b"
)
NUMBERS = {"once": 1, "one": 1, "mot": 1, "twice": 2, "two": 2, "hai": 2, "three": 3, "ba": 3, "four": 4, "bon": 4,
            "five": 5, "nam": 5}  # fmt: skip
REMINDER = re.compile(r"\b(?:never|do not|don't|dung|khong|khong duoc|dung bao gio) (?:forget to|forget|quen)\b")
"""Words that deny nothing: never forget to …"""
QUOTED = re.compile(r"(?<!\w)['\"“‘«][^'\"”’»]*['\"”’»]")
"""A quotation: a word in it is a status or something said, and no deed."""
VIETNAMESE = {word for table in (NOUNS_VI, VERBS_VI) for texts in table.values() for text in texts
                    for word in plain(text).split()}  # fmt: skip
ARTICLES = word_set("a an the any all this that s")
SPEECH = re.compile(
    r"\b(?:promise|say|tell|mention|suggest|discuss|hint|advise|encourage|hua|noi|goi y|tu van|de nghi|khuyen)\b"
)
AMOUNT = word_set("amount price fee sum tien phi gia")
PERSON_NOT_YET = re.compile(r"(?:khi|neu|ma) \w+ .*chua")
SPAN = word_set("day days week month year hour hours call ngay tuan thang nam gio")
