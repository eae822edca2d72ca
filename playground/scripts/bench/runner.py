"""Sends the requests of a benchmark concurrently, and reads their streams."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import anyio

from playground.scripts.api import MAX_WAIT_SECONDS, Service
from playground.scripts.problems import BadWire, Problem, ServiceError, Silent, Unreachable

from .answer import Answer
from .plan import Job

STREAM = "/playground/stream"
LIMIT_REACHED = "limit_reached"
STOP_TIMEOUT_SECONDS = 5.0
"""How long a stopped answer may take to report its cost."""


class Runner:
    """Runs jobs. After `stop`, it starts no more jobs and stops the running ones."""

    def __init__(self, service: Service, *, timeout_seconds: float, finished: Callable[[Sequence[Answer]], None]) -> None:
        self.refusal: ServiceError | None = None
        """Why it is useless to continue, if it is."""
        self.accepted: set[str] = set()
        """Models that a session was started with, by the requested names."""
        self._service = service
        self._timeout_seconds = timeout_seconds
        self._finished = finished
        self._stop_asked = anyio.Event()

    @property
    def stopped(self) -> bool:
        """Return whether `stop` was called or the service refused."""
        return self._stop_asked.is_set() or self.refusal is not None

    def stop(self) -> None:
        """End soon: running answers are stopped at the service and reported with their cost."""
        self._stop_asked.set()

    async def run(self, jobs: Sequence[Job], concurrency: int) -> None:
        """Run `jobs` in their order, at most `concurrency` requests in flight at any moment. Failures become answers, not exceptions."""
        waiting = iter(jobs)
        async with anyio.create_task_group() as workers:
            for _ in range(min(concurrency, len(jobs))):
                workers.start_soon(self._work, waiting)

    async def _work(self, waiting: Iterator[Job]) -> None:
        while not self.stopped:
            job = next(waiting, None)
            if job is None:
                return
            answers = await self._request(job)
            if answers:
                self._finished(answers)

    async def _request(self, job: Job) -> list[Answer]:
        answers = Answer.to(job)
        session: list[str] = []
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._stop_when_asked, session, tasks.cancel_scope)
            try:
                await self._follow(job, answers, session)
            except ServiceError as error:
                if self._is_hopeless(error, job):
                    self.refusal = self.refusal or error
                    # Answers from before the limit was reached are valid, and have been counted by it.
                    if error.code != LIMIT_REACHED:
                        self.stop()
                    answers = []
                for answer in answers:
                    answer.fail(error.code, str(error), asked_for=not isinstance(error, Problem | Unreachable))
            tasks.cancel_scope.cancel()
        for answer in answers:
            if answer.status == "unfinished":
                # Only a stop cancels `_follow`, and an answer is only still open if the service didn't report its end in time.
                answer.status = "stopped"
        return answers

    async def _follow(self, job: Job, answers: list[Answer], session: list[str]) -> None:
        async with self._service.stream(STREAM, job.body()) as stream:
            try:
                with anyio.fail_after(self._timeout_seconds):
                    async for event in stream.events:
                        elapsed = (time.perf_counter() - stream.sent_at) * 1000
                        _hand_out(event, elapsed, answers)
                        if event.get("type") == "session":
                            session.append(event["sessionId"])
                            self.accepted.update(job.models)
            except TimeoutError:
                raise Silent(f"Not finished after {self._timeout_seconds:g} s.") from None
            except (KeyError, TypeError, IndexError) as error:
                raise BadWire(f"An event has an unexpected format: {error}.") from error
        for answer in answers:
            answer.fail("incomplete_stream", "The stream ended before the answer was complete.")

    async def _stop_when_asked(self, session: list[str], request: anyio.CancelScope) -> None:
        await self._stop_asked.wait()
        if session:
            with anyio.move_on_after(STOP_TIMEOUT_SECONDS):
                try:
                    await self._service.post(f"/playground/sessions/{session[0]}/stop", {})
                    await anyio.sleep_forever()  # Cancelled when `_follow` has read the end.
                except ServiceError:
                    # Closing the connection also stops it (`onDisconnect`), but without reporting the cost.
                    pass
        request.cancel()

    def _is_hopeless(self, error: ServiceError, job: Job) -> bool:
        """Return whether further requests would also fail: a lasting limit, or a key, address or model that was wrong from the start."""
        if isinstance(error, Problem):
            if error.status in (401, 403):
                return True
            if error.code == LIMIT_REACHED:
                return (error.wait_seconds or 0) > MAX_WAIT_SECONDS
            return 400 <= error.status < 500 and error.status not in (408, 409, 429) and not self.accepted.issuperset(job.models)
        return isinstance(error, Unreachable | BadWire) and not self.accepted


def _hand_out(event: dict[str, Any], elapsed: float, answers: list[Answer]) -> None:
    if event.get("type") == "session":
        for lane in event["lanes"]:
            answers[lane["lane"]].introduce(lane)
    elif "lane" in event:
        answers[event["lane"]].take(event, elapsed)
