"""What a turn's answers cost, as the ledger records it."""

from collections.abc import Iterator, Sequence

from playground.comparison.plan import AnswerRecord, Call
from playground.ledger.charges.charge import Charge

from .rows import LaneRow, TurnRow


def charges_of(turn: TurnRow, answers: Sequence[AnswerRecord]) -> list[Charge]:
    """Return one charge for each call, in the order of lanes."""
    lanes = {lane.answer_id: lane for lane in turn.lanes}
    ordered = sorted(answers, key=lambda answer: lanes[answer.answer_id].position)
    return [charge for answer in ordered for charge in _of_answer(turn, lanes[answer.answer_id], answer)]


def _of_answer(turn: TurnRow, lane: LaneRow, answer: AnswerRecord) -> Iterator[Charge]:
    calls = answer.calls or (_only_call(lane, answer),)
    for call in calls:
        last = call is calls[-1]
        bill, times = call.bill, answer.times if last else None
        yield Charge(
            # The same whenever it is made, also if a crash hid earlier attempts: a repeated batch adds nothing.
            id=answer.answer_id if last else f"{answer.answer_id}-{call.attempt}",
            at=turn.created_at,
            finished_at=answer.finished_at,
            user_id=turn.user_id,
            api_key_id=turn.api_key_id,
            session_id=turn.session_id,
            run_id=turn.run_id,
            answer_id=answer.answer_id,
            source="playground",
            provider=call.provider,
            model=call.model,
            attempt=call.attempt,
            is_answer=last,
            status=answer.status if last else "failed",
            error_code=call.error_code,
            finish_reason=answer.finish_reason if last else None,
            empty=not (last and (answer.text or answer.reasoning)),
            input_tokens=bill.input_tokens,
            cached_input_tokens=bill.cached_input_tokens,
            cache_write_tokens=bill.cache_write_tokens,
            output_tokens=bill.output_tokens,
            reasoning_tokens=bill.reasoning_tokens,
            estimated=bill.estimated,
            simulated=call.simulated,
            own_key=call.own_key,
            cost=bill.cost,
            cost_source=bill.cost_source,
            prices=bill.prices,
            time_to_first_token=times.first_token if times else None,
            time_to_first_answer=times.first_answer if times else None,
            response_time=times.response if times else None,
            tokens_per_second=times.tokens_per_second if times else None,
        )


def _only_call(lane: LaneRow, answer: AnswerRecord) -> Call:
    code = answer.failure.code if answer.failure else None
    return Call(answer.attempts, lane.provider, lane.model, lane.simulated, lane.own_key, answer.bill, code)
