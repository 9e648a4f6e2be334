"""`python -m ccgym.kit.again DIST REWARD …`: what rewards say of the episodes, as JSON on the last line."""

from __future__ import annotations

import sys

import orjson

from ccgym.kit.asking import Reward
from ccgym.kit.episodes import fresh, gallery
from ccgym.kit.subject import find_subject
from ccgym.plugins import registry

if __name__ == "__main__":
    distribution, *names = sys.argv[1:]
    episodes = gallery(find_subject(distribution).domain())
    said = {}
    for name in names:
        reward = Reward(registry().require("reward", name), episodes.domain)
        said[name] = {
            what: reward.ask(what, fresh(episode), lambda text: None).plain for what, episode in episodes.named()
        }
    print(orjson.dumps(said).decode())
