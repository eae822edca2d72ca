"""`/admin/models`: which models can be used, by whom, at what price and under what name."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from playground.accounts.authorization import Administrator
from playground.administration.models.service import ModelAdministration
from playground.catalogue.model_settings import Tier
from playground.catalogue.resolution import UnknownModel
from playground.kit.errors import BadInput, Forbidden, NotAuthenticated, Unavailable
from playground.kit.filled_paths import filled
from playground.kit.problems import documented
from playground.kit.provided import Provided
from playground.kit.text import CleanText

from .schemas import ManagedModel, ManagedModelPage, ModelChange
from .service import ManagedModelQuery, UnknownProvider

router = APIRouter(prefix="/admin/models", tags=["administration"])

ModelId = Annotated[
    CleanText,
    Path(min_length=1, max_length=300, examples=["groq/llama-3.3-70b-versatile"], description="Slashes don't need to be escaped."),
]


@router.get(
    "",
    summary="List models and settings",
    response_model=ManagedModelPage,
    responses=documented(BadInput, NotAuthenticated, Forbidden, Unavailable),
)
async def list_models(
    models: Provided[ModelAdministration],
    _administrator: Administrator,
    q: Annotated[CleanText | None, Query(max_length=200, description="Only models whose names contain all these words.")] = None,
    provider: Annotated[CleanText | None, Query(max_length=100, description="Only models of this provider.")] = None,
    tier: Annotated[Tier | None, Query()] = None,
    active: Annotated[bool | None, Query(description="`false`: only models that are switched off.")] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    cursor: Annotated[CleanText | None, Query(max_length=400, description="`nextCursor` of the previous page.")] = None,
) -> Response:
    """List all models that a provider lists or that have settings, with their settings and what is known about them."""
    query = ManagedModelQuery(q, provider, tier, active, limit, cursor)
    return Response(await models.page(query), media_type="application/json")


@router.get(f"/{filled('model_id')}", responses=documented(BadInput, NotAuthenticated, Forbidden, UnknownProvider, Unavailable))
async def get_model(models: Provided[ModelAdministration], _administrator: Administrator, model_id: ModelId) -> ManagedModel:
    """Return one model, whether it is listed or not."""
    return await models.get(model_id)


@router.patch(
    f"/{filled('model_id')}", responses=documented(BadInput, UnknownModel, NotAuthenticated, Forbidden, UnknownProvider, Unavailable)
)
async def change_model(
    models: Provided[ModelAdministration], administrator: Administrator, model_id: ModelId, change: ModelChange
) -> ManagedModel:
    """Switch a model on or off, or set who can use it, its price or its name.

    Takes effect with the next request, on every replica. A model that is not listed can be set too; users of its tier
    can then use it. A model that can't be run is refused.
    """
    return await models.change(model_id, change, actor_id=administrator.id)
