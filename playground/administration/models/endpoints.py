"""`/admin/models`: which models may be used, by whom, at what price and under what name."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from playground.accounts.authorization import Administrator
from playground.administration.models.service import ModelAdministration
from playground.catalogue.model_settings import Tier
from playground.catalogue.resolution import UnknownModel
from playground.kit.errors import BadInput, Forbidden, NotAuthenticated, Unavailable
from playground.kit.problems import documented
from playground.kit.provided import Provided
from playground.kit.text import CleanText

from .schemas import ManagedModel, ManagedModelPage, ModelChange
from .service import ManagedModelQuery, UnknownProvider

router = APIRouter(prefix="/admin/models", tags=["administration"])

ModelId = Annotated[
    CleanText,
    Path(min_length=1, max_length=300, examples=["groq/llama-3.3-70b-versatile"], description="Its slashes may stay as they are."),
]


@router.get("", response_model=ManagedModelPage, responses=documented(BadInput, NotAuthenticated, Forbidden, Unavailable))
async def list_models(
    models: Provided[ModelAdministration],
    _administrator: Administrator,
    q: Annotated[CleanText | None, Query(max_length=200, description="Only models whose names hold all of these words.")] = None,
    provider: Annotated[CleanText | None, Query(max_length=100, description="Only of this provider.")] = None,
    tier: Annotated[Tier | None, Query()] = None,
    active: Annotated[bool | None, Query(description="`false`: those that are switched off.")] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    cursor: Annotated[CleanText | None, Query(max_length=400, description="`nextCursor` of the page before.")] = None,
) -> Response:
    """All models that a provider lists or that have settings: what was decided about each, and what is known."""
    query = ManagedModelQuery(q, provider, tier, active, limit, cursor)
    return Response(await models.page(query), media_type="application/json")


@router.get("/{model_id:path}", responses=documented(BadInput, NotAuthenticated, Forbidden, UnknownProvider, Unavailable))
async def get_model(models: Provided[ModelAdministration], _administrator: Administrator, model_id: ModelId) -> ManagedModel:
    """One model, whether it is listed or not."""
    return await models.get(model_id)


@router.patch("/{model_id:path}", responses=documented(BadInput, UnknownModel, NotAuthenticated, Forbidden, UnknownProvider, Unavailable))
async def change_model(
    models: Provided[ModelAdministration], administrator: Administrator, model_id: ModelId, change: ModelChange
) -> ManagedModel:
    """Switch a model on or off, say who may use it, set its price or its name. Applies from the next request on, on every replica.

    A name that is not listed can be set, too, and is then open to whom its tier says. One that no one could run is refused.
    """
    return await models.change(model_id, change, actor_id=administrator.id)
