"""A cache that holds what was last put into it."""

from __future__ import annotations

from collections import OrderedDict
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(OrderedDict[K, V]):
    """A dict of the newest entries: what is put into a full one drives the oldest out.

    Tasks come in without end, from templates and from records.

    Args:
        most: how many entries it holds.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def __setitem__(self, key: K, value: V) -> None:
        self.pop(key, None)
        super().__setitem__(key, value)
        if len(self) > self.most:
            self.popitem(last=False)
