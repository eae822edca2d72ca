"""Whatever an administrator asks, good or bad, gets an answer that is described."""

from typing import Any

import pytest
import schemathesis
from anyio.from_thread import BlockingPortal
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from playground.serving.server import RunningService

from ..support.openapi import document
from .conftest import Sql

api = schemathesis.openapi.from_dict(document(), config=SchemathesisConfig.from_dict({})).include(path_regex="^/admin")

# A schema can't say all: that a model's provider exists, that one time is before another.
_NOT_DECIDABLE = [positive_data_acceptance, negative_data_rejection]


@pytest.fixture(scope="module")
def some_user(accounts: Any, sql: Sql) -> str:
    sql("INSERT INTO users (id, name, updated_at) VALUES ('fuzzed', 'Fuzzed', now())")
    return "fuzzed"


@pytest.fixture(scope="module", autouse=True)
def _as_it_was(sql: Sql, service: RunningService, portal: BlockingPortal) -> Any:
    yield
    sql("DELETE FROM model_settings")
    sql("DELETE FROM users WHERE id = 'fuzzed'")
    portal.call(service.announcements.announce, "models", "all")


@api.parametrize()
@settings(max_examples=15, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_generated_requests_of_an_administrator_get_documented_responses(
    case: Case[Any], service: RunningService, accounts: dict[str, dict[str, Any]], some_user: str
) -> None:
    # Generated ids are those of nobody and of no model: some requests get real ones, and keep all else.
    for name, known in (("user_id", some_user), ("model_id", "sim/quick")):
        if name in case.path_parameters and len(str(case.path_parameters[name])) % 2:
            case.path_parameters[name] = known
    case.call_and_validate(
        base_url=service.url,
        headers={"Authorization": f"Bearer {accounts['admin']['accessToken']}"},
        excluded_checks=_NOT_DECIDABLE,
    )
