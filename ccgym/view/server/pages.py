"""An episode or a group as a page of its own: what `ccgym replay --html` writes, served into the frame of the table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from pathlib import Path

from ccgym.errors import EpisodeError

_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)">')
_PROBLEM = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>ccgym</title><link rel="stylesheet" href="/static/view.css"></head>
<body class="problem"><main><h1>{title}</h1><p><bdi>{told}</bdi></p></main></body></html>
"""
_PLAIN = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"


@dataclass(frozen=True)
class Page:
    """A page, and what it may do: nothing but what its own policy names, in no frame but the table's."""

    html: str
    policy: str
    status: int = 200


def problem(title: str, told: str, status: int) -> Page:
    """A page that says what went wrong."""
    return Page(_PROBLEM.format(title=escape(title), told=escape(told)), _PLAIN, status)


def episode(file: Path, number: int) -> Page:
    """The page of one episode of a file.

    Raises:
        EpisodeError: the file is missing or damaged, which is named with its line, or holds no such episode.
    """
    from ccgym.view.html import episode_page, vocabulary_of
    from ccgym.view.timeline import read_timeline

    return _served(episode_page(read_timeline(f"{file}#{number}"), vocabulary_of(file)))


def group(file: Path, number: int) -> Page:
    """The page of the group that an episode of a file is of.

    Raises:
        EpisodeError: the file is missing or damaged, which is named with its line.
    """
    from ccgym.view.grouping import read_group
    from ccgym.view.html import group_page

    return _served(group_page(read_group(f"{file}#{number}")))


def _served(html: str) -> Page:
    """A page of our own, under the policy that it carries in its head, before anything that an episode says."""
    policy = _POLICY.search(html, 0, html.find("</head>"))
    if policy is None:
        raise EpisodeError("its page carries no policy")
    return Page(html, f"{policy[1]}; frame-ancestors 'self'")
