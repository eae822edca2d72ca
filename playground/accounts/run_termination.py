"""Stops the runs of accounts that are deleted or locked."""

import structlog
from anyio.abc import TaskGroup

from playground.comparison.running.runs import Runs
from playground.kit.announcements import Announcements

from .repository import UserRepository

_logger = structlog.get_logger(__name__)


class RunTermination:
    """Stops this process's runs of accounts that were deleted or locked, by whatever process: no one should pay for them."""

    def __init__(self, runs: Runs, repository: UserRepository, announcements: Announcements, task_group: TaskGroup) -> None:
        self._runs = runs
        self._repository = repository
        self._task_group = task_group
        announcements.listen("user", self._user_changed)

    def _user_changed(self, changed: str | None) -> None:
        for user_id in {run.plan.user_id for run in self._runs.open() if changed in (None, run.plan.user_id)}:
            self._task_group.start_soon(self._look, user_id)

    async def _look(self, user_id: str) -> None:
        try:
            account = await self._repository.get(user_id)
        except Exception:
            _logger.exception("account_unknown", user_id=user_id)
            return
        if account is None or not account.active:
            for run in self._runs.open():
                if run.plan.user_id == user_id:
                    run.stop()
