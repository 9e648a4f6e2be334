"""Episodes and groups as one HTML file each: it reads offline, without a script too, and runs nothing it holds."""

from ccgym.view.html.episode import episode_page
from ccgym.view.html.group import group_page
from ccgym.view.html.tokens import vocabulary_of

__all__ = ["episode_page", "group_page", "vocabulary_of"]
