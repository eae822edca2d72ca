"""Answers from a journal file: for lanes that ended, their results; for lanes that a crash interrupted, the text so far."""

from dataclasses import replace

from playground.comparison.plan import Accountant, AnswerRecord, Bill, Times
from playground.comparison.running.speed import tokens_per_second
from playground.comparison.running.timeline import Progress, bounded
from playground.providers.answer.think_tags import part_at_lone_end
from playground.providers.calls import Message, ModelCall
from playground.providers.records import Provider
from playground.providers.registry import Providers

from .journal import JournalledRun
from .rows import LaneRow


class Recovery:
    """Turns journalled runs into answers."""

    def __init__(self, providers: Providers, accountant: Accountant) -> None:
        self._providers = providers
        self._accountant = accountant

    async def answers(self, run: JournalledRun) -> list[AnswerRecord]:
        """One answer a lane. A lane without an end is `interrupted`: its text is counted and priced, since it was paid for."""
        return [await self._answer(run, place, lane) for place, lane in enumerate(run.turn.lanes)]

    async def _answer(self, run: JournalledRun, place: int, lane: LaneRow) -> AnswerRecord:
        text, reasoning = run.texts[place]
        thinking, text = part_at_lone_end(text)
        reasoning += thinking
        ended = run.answers.get(lane.answer_id)
        if ended is not None:
            return replace(ended, text=text, reasoning=reasoning)
        bill = await self._accountant.settle(self._call(lane, run.turn.prompt), None, text, reasoning, run.turn.created_at)
        progress = run.progress.get(place)
        return AnswerRecord(
            answer_id=lane.answer_id,
            status="interrupted",
            text=text,
            reasoning=reasoning,
            finish_reason=None,
            failure=None,
            bill=bill,
            times=None if progress is None else _times(progress, bill),
            attempts=1,
            finished_at=run.last_written_at,
            timeline=bounded(run.points.get(place, ())),
        )

    def _call(self, lane: LaneRow, prompt: str) -> ModelCall:
        # The provider may have been removed from the configuration since.
        provider = self._providers.known(lane.provider) or Provider(
            id=lane.provider, name=lane.provider, base_url="", simulated=lane.simulated
        )
        return ModelCall(provider, lane.model.removeprefix(f"{lane.provider}/"), (*lane.earlier, Message("user", prompt)))


def _times(progress: Progress, bill: Bill) -> Times:
    """Return the known times. Hidden reasoning is unknown, so it is not in the bill either."""
    return Times(
        first_token=progress.first_token,
        response=None,
        tokens_per_second=tokens_per_second(bill.output_tokens, (progress.last - progress.first_token) / 1000),
        first_answer=progress.first_answer,
    )
