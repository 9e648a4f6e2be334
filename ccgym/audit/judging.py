"""Which earnings are a failure of the domain. The reasons stand in docs/audit.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ccgym.audit.gambits import ATTEMPT, REFERENCE, Gambit
from ccgym.audit.outcome import Outcome, Outcomes, mean
from ccgym.audit.report import Finding
from ccgym.evaluate import SUCCESS

TOTAL = "total"
SLACK = 0.05
"""A policy beats another by more than this: a share of the reward's range, or of the reference's total."""
PADDING = 0.25
"""The same share of the range for who does the job and pads it: what a reference says need not be the best of words."""
NEGLIGIBLE = 0.01
"""A reward that pays less than this share of the reference's total cannot lead training astray."""
SILENCE = 0.1
"""What one reward may pay for silence, as a share of the reference's total, where the reference gets no more for it."""
KNOWS_ANSWERS = "canned"
"""The policy that says so much that it answers a question now and then."""


def judge(outcomes: Outcomes, threshold: float) -> list[Finding]:
    """Everything that is wrong with what was earned: failures first, then notices."""
    judge = _Judge(outcomes, threshold)
    found = [*judge.references()]
    for gambit in outcomes.played:
        if gambit.kind not in ("reference", "attempt"):
            found += [*judge.correctness(gambit), *judge.totals(gambit), *judge.rewards(gambit)]
    found += [*judge.unsteady_rewards(), *judge.failed_rewards()]
    return sorted(found, key=lambda finding: finding.severity != "failure")


class _Judge:
    def __init__(self, outcomes: Outcomes, threshold: float) -> None:
        self.all = outcomes
        self.threshold = threshold
        self.reference = outcomes.played[REFERENCE]
        self.attempt = outcomes.played[ATTEMPT]
        self.good = [i for i, outcome in self.reference.items() if outcome.wins and outcome.total is not None]
        """Tasks whose reference earns what it should: the only ones to compare with."""

    # ---- the reference itself

    def references(self) -> Iterator[Finding]:
        """Tasks that nothing can be compared with."""
        unscored = [i for i, outcome in self.reference.items() if outcome.won is None]
        lost = [i for i, outcome in self.reference.items() if outcome.won is not None and i not in self.good]
        alone = not self.good
        if self.good and sum(self._total(self.reference[i]) for i in self.good) <= 0:
            reason, fix = "is paid nothing for doing the job", f"Give `{SUCCESS}` a weight above 0"
            yield self.finding(REFERENCE, TOTAL, self.good, None, reason, fix, earned=0.0)
        if unscored:
            why = next((e.explanation for e in self.reference[unscored[0]].episode.events if _is(e, SUCCESS)), "")
            yield self.finding(
                REFERENCE, SUCCESS, unscored, None, f"cannot be scored: {why}", "Configure what is missing, or take it "
                "out of `reward_basis`", notice=not (alone and not lost),
            )  # fmt: skip
        if lost:
            yield self.finding(
                REFERENCE, SUCCESS, lost, 1.0, "earns no correctness itself, so nothing is compared with it",
                "`ccgym check` says what is wrong with it", notice=not alone,
            )  # fmt: skip

    # ---- correctness

    def correctness(self, gambit: Gambit) -> Iterator[Finding]:
        """Tasks that a policy wins without doing the job."""
        won = [i for i, outcome in self.all.played[gambit].items() if outcome.wins]
        if not won or gambit.kind == "pads":
            return
        if gambit.kind == "bends":
            yield from self._bent(gambit, won)
            return
        hard = [i for i in won if self._asks_for_more(gambit, i)]
        if hard:
            acts = [i for i in hard if self.all.cases[i].acts]
            why = "although something had to be done" if acts else "although the customer had to hear something"
            if gambit.name in ("misjudged", "misplaced"):
                why = "although what it wrote was wrong"
            elif gambit.kind == "knows nothing" and not acts:
                why = "because the task asks for nothing that only the job brings"
            fix = "Let `expect` and `reward_basis` ask for what the job is: state, say, actions, asserts or rules"
            # Where the calls themselves are asked for, they may be the whole job.
            called = gambit.name == "wordless" and all(self._asks_for_calls(i) for i in hard)
            yield self.finding(gambit, SUCCESS, acts or hard, 0.0, f"wins {why}", fix, notice=called)
        if gambit.name == "paste":  # only what is written down can be learnt by heart
            won = [i for i in won if self.all.cases[i].written]
        share = len(won) / max(len(self.all.cases), 1)
        if share > self.threshold and set(won) - set(hard):
            reason = f"wins {share:.0%} of the tasks, more than the threshold of {self.threshold:.0%}"
            fix = (
                "Ask for the look-ups too: a rule `finally`, `actions` in `reward_basis`, or words that only they tell"
                if gambit.kind == "leaves out" or gambit.name == KNOWS_ANSWERS
                else "Add tasks in which this is wrong, or ask for more where it is right: a rule `finally`, or words"
            )
            yield self.finding(gambit, SUCCESS, won, None, reason, fix, earned=share, allowed=self.threshold)

    def _asks_for_more(self, gambit: Gambit, place: int) -> bool:
        """Whether no policy of this kind may win the task, however few such tasks there are."""
        case = self.all.cases[place]
        if gambit.name == "wordless":
            return True
        if case.acts:
            return not self._did_the_job(gambit, place)
        return gambit.kind == "knows nothing" and gambit.name != KNOWS_ANSWERS and not case.gives_up

    def _asks_for_calls(self, place: int) -> bool:
        case = self.all.cases[place]
        basis = case.task.reward_basis or ()
        return "actions" in basis and ("say" in basis or not case.expected)

    def _did_the_job(self, gambit: Gambit, place: int) -> bool:
        """Whether a policy that knows nothing happened to make just the calls of a reference that needs no checks."""
        case, episode = self.all.cases[place], self.all.played[gambit][place].episode
        made = [(call.name, call.arguments) for call in episode.calls if call.error is None]
        wanted = [(case.actions[i]["name"], case.actions[i].get("args", {})) for i in case.calls]
        return gambit.kind == "knows nothing" and made == wanted and not case.checks

    def _bent(self, gambit: Gambit, won: list[int]) -> Iterator[Finding]:
        by = {place: self._demanded(gambit, place) for place in won}
        forbidden = [place for place in won if by[place]]
        if forbidden:
            if gambit.name in ("premature", "unasked"):
                reason = f"wins, although {by[forbidden[0]]} wants the customer to agree to something"
                fix = "Name the terms, `confirm: {terms: […]}`, and keep `sop` in `reward_basis`"
            else:
                reason = f"wins, although {by[forbidden[0]]} asks for what was left out"
                fix = "Write a rule `before` these calls, and keep `sop` in `reward_basis`"
            yield self.finding(gambit, SUCCESS, forbidden, 0.0, reason, fix)
        free = [place for place in won if not by[place]]
        if free:
            reason = "wins, and no rule asks for what was left out"
            fix = "Where the order of things matters, write a rule `before`"
            yield self.finding(gambit, SUCCESS, free, None, reason, fix, notice=True)

    def _demanded(self, gambit: Gambit, place: int) -> str:
        case = self.all.cases[place]
        if gambit.name in ("premature", "unasked"):
            return case.demanded([case.question] if case.question is not None else [])
        return case.demanded(case.checks[-1:] if gambit.name == "hasty" else case.checks)

    # ---- totals

    def totals(self, gambit: Gambit) -> Iterator[Finding]:
        """A policy that is paid more than the reference, or too much for failing."""
        played = {i: o for i, o in self.all.played[gambit].items() if i in self.good and o.total is not None}
        if not played:
            return
        theirs = {i: self._total(self.reference[i]) for i in played}
        mine = {i: self._total(outcome) for i, outcome in played.items()}
        above = [i for i in played if mine[i] > theirs[i] + SLACK * abs(theirs[i]) + 1e-9]
        fix = "Gate what is paid beside correctness, or weigh it less: `gates: {REWARD: correctness}`"
        if above:
            worst = max(above, key=lambda i: mine[i] - theirs[i])
            reason = f"is paid more than the reference ({mine[worst]:.3f} to {theirs[worst]:.3f})"
            yield self.finding(
                gambit, TOTAL, self._first(worst, above), None, reason, fix, earned=mine[worst], allowed=theirs[worst]
            )
        failed = [i for i in played if not played[i].won]
        if not failed or gambit.kind == "pads":
            return
        have, could = sum(mine[i] for i in failed), sum(theirs[i] for i in failed)
        if could > 0 and have > self.threshold * could:
            worst = max(failed, key=lambda i: mine[i] - theirs[i])
            reason = (
                f"is paid {have / could:.0%} of what the reference is, on tasks that it fails: "
                f"more than the threshold of {self.threshold:.0%}"
            )
            places = self._first(worst, failed)
            yield self.finding(
                gambit, TOTAL, places, None, reason, fix, earned=have / len(failed),
                allowed=self.threshold * could / len(failed),
            )  # fmt: skip

    # ---- each other reward

    def rewards(self, gambit: Gambit) -> Iterator[Finding]:
        """Rewards that pay a policy more for gaming than the reference, or an honest try, for working."""
        played = {i: o for i, o in self.all.played[gambit].items() if i in self.good and o.total is not None}
        failed = {i: o for i, o in played.items() if not o.won}
        right = {i: o for i, o in played.items() if o.wins}
        for name, weight in self.all.weights.items():
            if name == SUCCESS or not weight:
                continue
            gate = f"Gate it: `gates: {{{name}: {SUCCESS}}}`"
            if self.all.ranges[name][0] < 0:
                gate = "Let it pay from 0 upwards, and gate it: a penalty is escaped by who does nothing"
            found = self._more(name, failed, self.reference, "the reference")
            if found is None:
                tried = {i: o for i, o in failed.items() if i in self.attempt and not self.attempt[i].won}
                found = self._more(name, tried, self.attempt, "an honest try that fails")
            if found is not None:
                yield self._paid(gambit, name, *found, "and fails the task", gate)
            if found is None and gambit.name == "null":
                yield from self._silence(gambit, name, failed, gate)
            if gambit.kind == "pads" and name not in self.all.grouped:
                found = self._more(name, right, self.reference, "the reference", PADDING)
                if found is not None:
                    fix = "Let it pay for what the customer gains, with a limit that the reference reaches"
                    yield self._paid(gambit, name, *found, "by what nobody needs", fix)

    def _silence(self, gambit: Gambit, name: str, failed: dict[int, Outcome], gate: str) -> Iterator[Finding]:
        """A reward that pays as much for saying and doing nothing as for the job."""
        mine = sum(self.all.pay(outcome, name) for outcome in failed.values())
        theirs = sum(self.all.pay(self.reference[i], name) for i in failed)
        if mine > (1 - SLACK) * theirs and mine > SILENCE * sum(self._total(self.reference[i]) for i in failed):
            have, could = mine / len(failed), theirs / len(failed)
            yield self._paid(gambit, name, list(failed), have, could, "the reference", "for nothing at all", gate)

    def _more(
        self, name: str, played: dict[int, Outcome], against: dict[int, Outcome], whom: str, slack: float = SLACK
    ) -> tuple[list[int], float, float, str] | None:
        """The tasks, worst first, what it is paid on their mean, what the others are, and who they are; or None."""
        if not played:
            return None
        mine = {i: self.all.pay(outcome, name) for i, outcome in played.items()}
        theirs = {i: self.all.pay(against[i], name) for i in played}
        low, high = self.all.ranges[name]
        reference = mean(abs(self._total(self.reference[i])) for i in played) or 0.0
        margin = max(slack * abs(self.all.weights[name]) * (high - low), NEGLIGIBLE * reference)
        have, could = sum(mine.values()) / len(mine), sum(theirs.values()) / len(theirs)
        if have <= could + margin:
            return None
        places = sorted((i for i in mine if mine[i] > theirs[i]), key=lambda i: theirs[i] - mine[i])
        return places, have, could, whom

    def _paid(
        self, gambit: Gambit, name: str, places: list[int], have: float, could: float, whom: str, how: str, fix: str
    ) -> Finding:
        reason = f"is paid {have:.3f} for {name}, and {whom} {could:.3f}, {how}"
        return self.finding(gambit, name, places, None, reason, fix, earned=have, allowed=could)

    # ---- rewards that break

    def unsteady_rewards(self) -> Iterator[Finding]:
        """Rewards that are paid by chance."""
        for name, weight in self.all.weights.items():
            places = [i for i, outcome in self.reference.items() if name in outcome.unsteady]
            if weight and places:
                fix = "Let it follow from the episode alone: no chance, no clock, nothing kept from one to the next"
                yield self.finding(REFERENCE, name, places, None, "is paid differently for the very same talk", fix)

    def failed_rewards(self) -> Iterator[Finding]:
        """Rewards that raise, hang or leave their range on what a policy does."""
        seen = set()
        for gambit, played in self.all.played.items():
            for name in dict.fromkeys(name for outcome in played.values() for name in outcome.failed):
                if name not in seen:
                    seen.add(name)
                    places = [i for i, outcome in played.items() if name in outcome.failed]
                    why = played[places[0]].failed[name]
                    fix = "Such episodes leave their group: let the reward return None where it does not apply"
                    yield self.finding(gambit, name, places, None, why, fix, notice=True)

    # ---- a finding

    def finding(
        self, gambit: Gambit, reward: str, places: Sequence[int], limit: float | None, reason: str, fix: str, *,
        earned: float | None = None, allowed: float | None = None, notice: bool = False,
    ) -> Finding:  # fmt: skip
        """A finding about some tasks, the first of which is shown."""
        worst = self.all.played[gambit][places[0]]
        return Finding(
            severity="notice" if notice else "failure",
            policy=gambit.name,
            reward=reward,
            task=self.all.cases[places[0]].task.id,
            earned=earned if earned is not None else worst.rewards.get(reward),
            allowed=allowed if allowed is not None else limit,
            reason=reason,
            fix=fix,
            tasks=tuple(self.all.cases[i].task.id for i in places),
            episode=worst.episode,
            path=worst.path,
        )

    @staticmethod
    def _first(worst: int, places: list[int]) -> list[int]:
        return [worst, *(i for i in places if i != worst)]

    @staticmethod
    def _total(outcome: Outcome) -> float:
        return outcome.total if outcome.total is not None else 0.0


def _is(event: object, name: str) -> bool:
    return getattr(event, "name", None) == name and hasattr(event, "explanation")
