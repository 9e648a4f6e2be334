"""The environment: a Gymnasium env that plays one task of a domain at a time, and writes down all that happens."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

import gymnasium
import msgspec

import ccgym
from ccgym import seeds
from ccgym.backend import FaultyBackend, make_backend, read_faults
from ccgym.domain import Domain, Limits, Task
from ccgym.env.drawing import draw_task
from ccgym.env.edits import NO_EDITS, edit_state
from ccgym.env.jobs import Job, Outcome, run_job
from ccgym.env.judging import Judge, rule_events
from ccgym.env.opening import PERTURBED, RECENT, Opening
from ccgym.env.perturbing import View, read_perturb
from ccgym.env.provenance import Provenance
from ccgym.env.space import UnicodeText
from ccgym.env.target import Reference, find_reference, know_reference, known_reference, told_reference
from ccgym.env.validity import problem_with
from ccgym.errors import CcgymError, ToolError
from ccgym.plugins import registry
from ccgym.recent import Recent
from ccgym.scoring import Scorer, gates_among
from ccgym.sop import Verdict, rule_program
from ccgym.turns import Call, ParsedTurn, escape_text, forgery, nfc, nfc_json, parse_turn, render_response
from ccgym.types import (
    LOST,
    SCHEMA_VERSION,
    TERMINATED,
    Begin,
    BranchEvent,
    CustomerCall,
    CustomerTurn,
    End,
    Episode,
    ErrorEvent,
    LimitEvent,
    Message,
    Model,
    Requestor,
    RewardEvent,
    StateEvent,
    Target,
    Tool,
    ToolEvent,
    Turn,
    UserEvent,
)
from ccgym.users import make_customer

Info = dict[str, Any]
Step = tuple[str, float, bool, bool, Info]
_STEP_SLACK = 4096
_OVER = ("not_run", "an earlier call of this turn ended the talk")
_NO_FAULT = ("", 0.0)
_OPTIONS = dict.fromkeys(("task", "seed", "sample", "customer", "said", "edits", "target"))
_ROUNDS = 8
"""How often in a row a customer may call tools before saying something."""


class CcgymEnv(gymnasium.Env[str, str]):
    """Plays tasks of one domain. See "What an environment promises" in the docs.

    Args:
        domain: what to play.
        env: the id or folder that the episode's `begin` names, so that a replay finds the domain again.
        split: draw tasks from this split only (all hand-written tasks when None).
        weights: reward name → weight; None: the domain's.
        gates: column → column that multiplies it; None: the domain's, as far as its rewards are among the weights.
        policy: name of who plays, for the record.
        sink: called with each event as it happens.
        scorer: a ready Scorer instead of `weights` and `gates`, shared between environments.
        render_mode: None or `ansi`.
        faults: kind of fault → probability that a call of the agent's meets it; see `ccgym.backend.faults.KINDS`.
        perturb: what is changed of the tools as the agent sees them: `rename`, `hide`, `distract`, `shuffle`.

    Raises:
        ConfigError: a fault or a perturbation that does not exist, or that cannot have its value.
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 1}  # noqa: RUF012 (Gymnasium's own form)

    def __init__(
        self,
        domain: Domain,
        *,
        env: str | None = None,
        split: str | None = None,
        weights: Mapping[str, float] | None = None,
        gates: Mapping[str, str] | None = None,
        policy: str = "",
        sink: Callable[[Any], None] | None = None,
        scorer: Scorer | None = None,
        render_mode: str | None = None,
        faults: Mapping[str, float] | None = None,
        perturb: Mapping[str, Any] | None = None,
    ) -> None:
        self.domain = domain
        self.faults, self.perturb = read_faults(faults), read_perturb(perturb)
        self.env_name = env or str(domain.path)
        """The id or folder that the record names."""
        self.split = split
        self.policy = policy
        self.sink = sink
        self.render_mode = render_mode
        spec = domain.spec
        if scorer is None:
            paid = dict(spec.rewards.weights if weights is None else weights) or {"correctness": 1.0}
            if gates is None:
                gates = spec.rewards.gates if weights is None else gates_among(spec.rewards.gates, paid)
            scorer = Scorer(paid, gates, domain=domain)
        self.scorer = scorer
        self.action_space = UnicodeText(spec.limits.max_chars + _STEP_SLACK)
        self.observation_space = UnicodeText(2**31)
        self.episode = Episode()
        """What is played: its events so far."""
        self.task: Task = None  # type: ignore[assignment]  # set by reset
        """The task that is played."""
        self.tools: list[Tool] = []
        """The tools as the agent is shown them."""
        self.backend: Any = None  # set by reset
        """The mocked world: a Backend."""
        self._limits_by: dict[Any, Limits] = {}
        self._openings: Recent[Any, Opening] = Recent(PERTURBED if self.perturb else RECENT)
        self._verdicts: Sequence[Verdict] = ()
        self._said: Mapping[str, RewardEvent] | None = None
        self._edits = NO_EDITS
        self._assumed: Target | None = None
        self._over = True
        self._registry = registry()
        self._provenance = Provenance(domain, self._registry, self.faults)

    # --- Gymnasium's face -------------------------------------------------------------------------------------------

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[str, Info]:
        """Begin an episode. Observation: the customer's first line.

        Args:
            seed: seeds `np_random`, which draws what `options` leave open.
            options: `task` (id, Task or JSON), `seed` (of the episode: ids, clock, customer), `sample` (which member
                of a group); in a replay `customer` (the recorded Customer, in place of the task's), `said` (reward
                to its recorded event, which stands for what a live reward would say), `edits` (an Edits) and
                `target` (the recorded Target, taken as right where it is not known: see `assumes`).

        Raises:
            CcgymError: no such task, or the domain cannot begin it.
        """
        super().reset(seed=seed)
        options = options or {}
        if not options.keys() <= _OPTIONS.keys():
            unknown = min(options.keys() - _OPTIONS.keys())
            raise CcgymError(f"unknown reset option {unknown!r}", fix=f"Options: {', '.join(_OPTIONS)}")
        wanted = options.get("task")
        task = draw_task(self.domain, self.split, self.np_random) if wanted is None else self.domain.task(wanted)
        episode_seed = options.get("seed")
        if episode_seed is None:
            episode_seed = int(self.np_random.integers(2**31))
        self._said = options.get("said")
        self._edits = options.get("edits", NO_EDITS)
        self._assumed = options.get("target")
        return self._begin(task, episode_seed, options.get("sample", 0), options.get("customer"))

    def step(self, action: str | Turn) -> Step:
        """Play one assistant turn. Never raises for what the turn says; blocking tools run in a thread.

        Raises:
            CcgymError: the episode is over: call `reset`.
        """
        if self._over:
            raise CcgymError("the episode is over", fix="Call reset() before the next step()")
        if self._blocks:
            play = self.play(action)
            try:
                job = next(play)
                while True:
                    job = play.send(run_job(job))
            except StopIteration as stop:
                return stop.value
        try:
            for call in self._open(action):
                self._run(call)
        except Exception as error:
            self._break(error)
        return self._close()

    def render(self) -> str | None:  # type: ignore[override]
        """The transcript so far, as text, in mode `ansi`."""
        if self.render_mode != "ansi":
            return None
        return "\n\n".join(f"[{m['role']}] {m['content']}" for m in self.episode.messages())

    # --- the game ---------------------------------------------------------------------------------------------------

    def play(self, action: str | Turn) -> Generator[Job, Outcome, Step]:
        """`step` for a caller who drives many environments: yields each blocking Job and is sent its Outcome."""
        if self._over:
            raise CcgymError("the episode is over", fix="Call reset() before the next step()")
        try:
            for call in self._open(action):
                tool = self._tools.get(call.name)
                outcome = None
                if (
                    tool is not None
                    and tool.blocking
                    and self._ending is None
                    and problem_with(call, self._tools, self._validators) is None
                ):
                    meant = call if self._view is None else self._view.meant(call)
                    self._attempt(meant)
                    outcome = yield Job(self.backend.prepare(meant.name, meant.arguments), tool.seconds)
                self._run(call, outcome)
        except Exception as error:
            self._break(error)
        return self._close()

    def _open(self, action: str | Turn) -> Sequence[Call]:
        """Begin a step: take in the turn, and return the calls it asks for. `_ending` is set where it ends the talk."""
        self._step += 1
        self._mark = len(self._events)
        self._answers: list[str] = []
        self._answers_from = "tool"
        self._messages: list[dict[str, Any]] = []
        self._ending: str | None = None
        text = self._take(action) if isinstance(action, Turn) else action if isinstance(action, str) else str(action)
        if self._ending is not None:
            return ()
        parsed = self._parse(text, action.limit if isinstance(action, Turn) else None)
        if parsed is None:
            return ()
        if parsed.error is not None:
            self._emit(ErrorEvent, code="bad_format", message=parsed.error)
            error = {"code": "bad_format", "message": parsed.error}
            self._answers.append(render_response("", "", error=error))
            self._count_error()
        elif parsed.reply is not None:
            self._reply(parsed.reply)
        return parsed.calls if self._view is None else [self._view.read(call) for call in parsed.calls]

    def _break(self, error: Exception) -> None:
        """Promise 4: whatever breaks within a step is the episode's end, not the caller's."""
        self._emit(ErrorEvent, code="env_error", message=nfc(f"{type(error).__name__}: {error}"[:500]))
        self._ending = "env_error"

    def _close(self) -> Step:
        """End a step: limits, rewards, and what the caller is told."""
        if self._ending is None and self._step >= self._limits.max_steps:
            self._limit("max_steps", self._limits.max_steps)
        ending = self._ending
        reward = self._score_step()
        info: Info = {}
        if ending is not None:
            reward += self._finish(ending, info)
        events = self._events[self._mark :]
        if ending is not None:  # no clock stands in info
            events = [msgspec.structs.replace(e, seconds=0.0) if type(e) is End else e for e in events]
        info["events"] = events
        observation = "\n".join(self._answers)
        if self._answers:
            self._messages.append({"role": self._answers_from, "content": observation})
        info["messages"] = self._messages
        info["state_hash"] = self._hash
        terminated = ending in TERMINATED
        return observation, reward, terminated, ending is not None and not terminated, info

    def _begin(self, task: Task, seed: int, sample: int, customer: Any = None) -> tuple[str, Info]:
        self._over = True  # until it has begun
        self._sample, self._episode_seed = sample, seeds.derive(seed, task.id)
        opening = self._open_task(task)
        self.backend = self._new_backend(task)
        if self.faults:
            where = lambda: (self._step, self._calls + 1)  # noqa: E731
            self.backend = FaultyBackend(self.backend, self.faults, self._episode_seed, self.domain.tools, where)
        self._hash = self.backend.digest()
        self._judge = Judge(self.domain, task, self.backend)
        self._see, self._verdicts = self._judge.see, ()
        reference, scorer = opening.reference(self._world, self._find_reference), self.scorer
        if opening.scorer is not scorer:
            opening.scored_by(scorer, reference, self._provenance)
        begin = Begin(
            episode=sample,
            n=0,
            step=0,
            hash=self._hash,
            schema=SCHEMA_VERSION,
            ccgym=ccgym.__version__,
            env=self.env_name,
            domain=self._provenance.domain,
            task=opening.task_json,
            target=reference.target,
            seed=seed,
            sample=sample,
            policy=self.policy,
            plugins=opening.plugins,
            fitted=scorer.fitted,
            options={**opening.options},
        )
        self._add(begin)
        for n, (role, content) in enumerate(opening.earlier, 1):
            self._add(Message(episode=sample, n=n, step=0, hash=self._hash, role=role, content=content))
        self._customer = self._make_customer() if customer is None else customer
        observation = self._user_says(self._edits.line(0, self._customer.first()))
        self._over = False
        return observation, {
            "messages": opening.said(observation),
            "tools": opening.schemas(),
            "task_id": task.id,
        }

    def prepare(self, tasks: Sequence[Task]) -> None:
        """Work out what the episodes of some tasks have in common, one thing after the other for all of them.

        `reset` does so too, task by task; but like this, little code runs at a time, and stays in the caches.
        """
        if not self.perturb:  # or each seed has an opening of its own
            for task in tasks:
                self._opening_of(task)
        for task in tasks:
            rule_program(self.domain, task)

    def _opening_of(self, task: Task) -> Opening:
        key = (id(task), self._episode_seed if self.perturb else None)
        opening = self._openings.get(key)
        if opening is None or opening.task is not task or opening.perturb is not self.perturb:
            view = View(self.perturb, self.domain, task, self._episode_seed) if self.perturb else None
            opening = Opening(self.domain, task, view, self._limits_of(task), self.perturb)
            self._openings[key] = opening
        return opening

    def _open_task(self, task: Task) -> Opening:
        """Set up for an episode of a task what its earlier episodes have had too, and what each begins anew."""
        opening = self._opening_of(task)
        self.task, self._task_json, self._limits = task, opening.task_json, opening.limits
        self._view, self._blocks = opening.view, opening.blocks
        self.tools, self._tools, self._validators = opening.tools, opening.own_tools, opening.validators
        self.episode = Episode()
        self._events = self.episode.events
        self._step = self._calls = self._errors = self._chars = 0
        self._started = time.perf_counter()
        return opening

    def _limits_of(self, task: Task) -> Limits:
        limits = self._limits_by.get(task.limits)
        if limits is None:
            limits = self._limits_by[task.limits] = self.domain.limits(task)
        return limits

    def _make_customer(self) -> Any:
        return make_customer(
            self._task_json.get("user", {}),
            language=self.domain.language,
            seed=self._episode_seed,
            where=f"task {self.task.id}",
            kinds=self._registry.users,
            tools=self.domain.tools_for(self.task, "user"),
        )

    def _new_backend(self, task: Task) -> Any:
        return make_backend(self.domain, task, self._episode_seed, self._registry)

    def _take(self, turn: Turn) -> str:
        """The text of a policy's turn; its tokens go on record, and a policy that failed ends the episode."""
        if turn.context is not None and turn.ids is not None:
            ids = turn.context + turn.ids
            mask = [0] * len(turn.context) + [1] * len(turn.ids)
            self._emit(Model, ids=ids, mask=mask, logprobs=turn.logprobs, version=turn.version)
        if turn.error is not None:
            self._emit(ErrorEvent, code="policy_error", message=nfc(turn.error[:500]))
            self._ending = "policy_error"
        return turn.text

    def _parse(self, text: str, limit: str | None) -> ParsedTurn | None:
        """Put a turn on record and parse it; None where it ends the episode by itself."""
        text = nfc(text)
        room = self._limits.max_chars - self._chars
        self._chars += len(text)
        if len(text) > room:
            # One character past the room, so that a replay of what was recorded meets the limit too.
            self._say(text[: max(room, 0) + 1])
            self._limit("max_chars", self._limits.max_chars)
            return None
        self._say(text)
        if limit is not None:
            self._limit(limit, 0)
            return None
        forged = forgery(text)
        if forged is not None:
            self._emit(ErrorEvent, code="forged_token", message=f"the turn holds {forged[:80]}")
            self._ending = "forged_token"
            return None
        return parse_turn(text)

    def _say(self, text: str) -> None:
        n, step = len(self._events), self._step
        self._add(Message(episode=self._sample, n=n, step=step, hash=self._hash, role="assistant", content=text))
        self._messages.append({"role": "assistant", "content": text})

    def _reply(self, text: str) -> None:
        answer = self._customer.answer(text)
        rounds = 0
        while answer.calls:
            rounds += 1
            if rounds > _ROUNDS:
                answer = CustomerTurn("", left="endless calls")
                break
            made = [CustomerCall(name, args, *self._user_call(name, args)) for name, args in answer.calls]
            answer = self._customer.results(made)
        answer = self._edits.line(self._step, answer)
        self._answers.append(self._user_says(answer))
        self._answers_from = "user"
        if answer.done:
            self._ending = "customer_done"
        elif answer.left:
            self._ending = "customer_left"

    def _user_says(self, line: CustomerTurn) -> str:
        content = escape_text(nfc(line.text))
        event = UserEvent(
            episode=self._sample,
            n=len(self._events),
            step=self._step,
            hash=self._hash,
            content=content,
            done=line.done,
            left=line.left,
            reveals=list(line.reveals),
        )
        self._add(event)
        return content

    def _run(self, call: Call, outcome: Outcome | None = None) -> None:
        """Run one call of the agent, or take in what a blocking one came to."""
        tool, view = self._tools.get(call.name), self._view
        over = self._ending is not None
        problem = _OVER if over else problem_with(call, self._tools, self._validators)
        if view is not None:
            call = view.meant(call)
        if problem is not None or tool is None:
            event = self._answer(call, error=problem)
            if not over and event.error is not None:
                self._count_error()
            return
        try:
            if outcome is not None:
                result = self.backend.finish(outcome.value, outcome.error)
            elif view is not None and call.name in view.added:
                result = view.distract(call.name)
            else:
                self._attempt(call)
                result = self.backend.call(call.name, call.arguments)
        except ToolError as error:
            event = self._answer(call, error=(error.code, error.message), effect=tool.effect)
            if event.fault not in LOST and event.error is not None:
                self._count_error()
            return
        self._answer(call, result=result, effect=tool.effect)
        if tool.terminal:
            self._ending = "terminal_tool"

    def _attempt(self, call: Call) -> None:
        """Judge a call that is about to run. A retry for an answer that was lost has been judged already."""
        if not self.faults or not self.backend.retries(call.name, call.arguments):
            self._verdicts = self._judge.attempt(call)

    def _answer(
        self,
        call: Call,
        *,
        result: Any = None,
        error: tuple[str, str] | None = None,
        effect: Any = "read",
        requestor: Requestor = "assistant",
    ) -> ToolEvent:
        """Record a call with its answer and what it changed, and show the answer to the agent."""
        self._calls += 1
        call_id = f"c{self._calls}"
        failure = {"code": error[0], "message": error[1]} if error is not None else None
        changed, patch = False, None
        fault, delay = self.backend.take() if self.faults else _NO_FAULT
        if error is None or fault == "late":
            digest = self.backend.digest()
            changed, self._hash = digest != self._hash, digest
            patch = self.backend.changes
        if call_id in self._edits.results:
            result, failure = self._edits.results[call_id], None
        # Built here and not by _emit, as every step does it: passing keywords on costs more than all the rest of it.
        n, step, hash_ = len(self._events), self._step, self._hash
        event = ToolEvent(
            episode=self._sample,
            n=n,
            step=step,
            hash=hash_,
            id=call_id,
            name=call.name,
            arguments=call.arguments,
            result=result,
            error=failure,
            effect=effect,
            requestor=requestor,
        )
        if fault:
            event = msgspec.structs.replace(event, fault=fault, delay=delay)
        self._add(event)
        if changed or patch:
            change = StateEvent(episode=self._sample, n=n + 1, step=step, hash=hash_, cause=call_id, patch=patch)
            self._add(change)
        if self._verdicts:
            verdicts, self._verdicts = self._verdicts, ()
            self._record(verdicts, call_id)
        if requestor == "assistant":
            seen = event if self._view is None else self._view.names.answer(event)
            self._answers.append(render_response(call_id, seen.name, result=seen.result, error=seen.error))
        return event

    def branch(self, event: BranchEvent) -> None:
        """Put on record that the episode parts here from the one it was forked from, and apply the event's `patch`.

        Raises:
            CcgymError: the episode is over; the patch does not fit; or the world is a plugin's, and is not edited.
        """
        if self._over:
            raise CcgymError(f"the episode has ended at step {self._step}", fix="Fork it at an earlier step")
        patch = None if event.patch is None else edit_state(self.backend, event.patch)
        self._hash = self.backend.digest()
        place = {"episode": self._sample, "n": len(self._events), "step": self._step, "hash": self._hash}
        self._add(msgspec.structs.replace(event, **place))
        if patch is not None:
            self._emit(StateEvent, cause="branch", patch=patch)

    def user_call(self, name: str, arguments: dict[str, Any]) -> dict[str, str] | None:
        """A call of the customer's own tools, recorded like the agent's. Returns its error, or None."""
        return self._user_call(name, arguments)[1]

    def _user_call(self, name: str, arguments: dict[str, Any]) -> tuple[Any, dict[str, str] | None]:
        arguments = nfc_json(arguments)
        call, result, failure = Call(name, arguments), None, None
        tool = next((t for t in self.domain.tools_for(self.task, "user") if t.name == name), None)
        try:
            if tool is None:
                raise ToolError(f"the customer has no tool {name!r}", "unknown_tool")
            invalid = self.domain.validators[name](arguments)
            if invalid is not None:
                raise ToolError(invalid, "bad_arguments")
            result = self.backend.call(name, arguments, "user")
        except ToolError as error:
            failure = {"code": error.code, "message": error.message}
            self._answer(call, error=(error.code, error.message), requestor="user")
        else:
            self._answer(call, result=result, effect=tool.effect, requestor="user")
        return result, failure

    def _count_error(self) -> None:
        self._errors += 1
        if self._errors >= self._limits.max_errors:
            self._limit("max_errors", self._limits.max_errors)

    def _limit(self, name: str, limit: float) -> None:
        """Truncate the episode."""
        self._emit(LimitEvent, name=name, limit=limit)
        self._ending = name

    # --- the end ----------------------------------------------------------------------------------------------------

    def _finish(self, ending: str, info: Info) -> float:
        """Judge, end and score the episode; return the weighted episode rewards."""
        self._over = True
        self._record(self._judge.finish())
        self._see = None  # what follows is no part of the talk
        seconds = round(time.perf_counter() - self._started, 6)
        self._emit(End, reason=ending, patch=self.backend.net_patch(), seconds=seconds)
        results, scores, unscored = self.scorer.score_episode(self.episode, self._said), {}, []
        for scored in results:
            self._add(scored.after(self._events[-1]))
            if scored.value is None:
                unscored.append(scored.name)
            else:
                scores[scored.name] = float(scored.value)
        info["rewards"], info["unscored"], info["termination"] = scores, unscored, ending
        return self.scorer.total(results)

    def _score_step(self) -> float:
        if not self.scorer.stepwise:
            return 0.0
        scored = self.scorer.score_step(self.episode, self._step)
        return float(sum(s.weight * s.value for s in scored if s.value is not None))

    # --- the target and the record ----------------------------------------------------------------------------------

    def reference(self) -> Reference:
        """The reference of the task that is being played: target, size, and what failed in it."""
        new_backend = lambda: self._new_backend(self.task)  # noqa: E731
        return find_reference(self.domain, self.task, self._episode_seed, self._world, new_backend)

    def _find_reference(self) -> Reference:
        """The same; or what is assumed of it, in place of playing it."""
        if not self.assumes:
            return self.reference()
        # For this episode only: no other one is to find it among what the task's episodes have in common.
        return told_reference(self.task, self._assumed, seeded=True)

    @property
    def assumes(self) -> bool:
        """Whether the target is that of the option `target`, and nobody has looked whether it is right."""
        key = self.domain, self.task, self._episode_seed, self._world
        return self._assumed is not None and known_reference(*key) is None

    def confirm(self) -> None:
        """What is assumed of the target is right."""
        reference = told_reference(self.task, self._assumed)
        know_reference(self.domain, self.task, self._episode_seed, self._world, reference)

    @property
    def _world(self) -> type:
        """The kind of backend, whatever faults stand before it."""
        return type(getattr(self.backend, "own", self.backend))

    def _record(self, verdicts: Sequence[Verdict], cause: str = "") -> None:
        events = rule_events(verdicts, self._sample, len(self._events), self._step, self._hash, cause)
        self._events += events
        if self.sink is not None:
            for event in events:
                self.sink(event)

    def _emit(self, kind: Callable[..., Any], /, **fields: Any) -> None:
        self._add(kind(episode=self._sample, n=len(self._events), step=self._step, hash=self._hash, **fields))

    def _add(self, event: Any) -> None:
        self._events.append(event)
        if self._see is not None:
            self._see(event)
        if self.sink is not None:
            self.sink(event)


__all__ = ["CcgymEnv", "Job", "Outcome", "run_job"]
