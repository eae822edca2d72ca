"""Which models a role may use, and what somebody is told who may not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from playground.accounts.identity import Role, User
from playground.kit.errors import FieldError, Forbidden, Problem
from playground.providers.records import Provider

from .catalogue import Catalogue, ResolvedModel, UnknownModel
from .model_settings import KnownSettings, ModelSettings, Tier
from .resolution import joined
from .user_models import OwnKeys, OwnProviders, resolve_for
from .wildcards import is_pattern

ROLES: Mapping[Tier, tuple[Role, ...]] = {"free": ("user", "premium", "admin"), "premium": ("premium", "admin"), "hidden": ("admin",)}
"""Who may use the models of a tier."""
_NAMED = 3
"""So many other models are named to somebody who may not use one."""


class ModelNotAllowed(Forbidden):
    """The model is switched off, or not open to the role of who asks."""

    code = "model_not_allowed"
    title = "You may not use this model"

    def __init__(self, errors: Sequence[FieldError], allowed: Sequence[str]) -> None:
        instead = f"You may use {joined(allowed, 'or')}." if allowed else "At the moment there is no model that you may use."
        reasons = dict.fromkeys(error.message for error in errors)
        super().__init__(" ".join([*reasons, instead]), errors=errors)
        self.allowed = tuple(allowed)
        """Full names of a few models that this role may use."""


@dataclass(frozen=True, slots=True)
class ModelView:
    """The models as somebody with a role sees them."""

    settings: KnownSettings
    role: Role
    own: OwnProviders | None = None
    """Providers that they have a key for, which opens models that only cost money."""

    def shows(self, provider: Provider, model: str) -> bool:
        """Whether they may know of it."""
        return self.role == "admin" or self.settings.of(self._asked(provider), model).tier != "hidden"

    def allows(self, provider: Provider, model: str) -> bool:
        """Whether they may use it."""
        setting = self.settings.of(self._asked(provider), model)
        return setting.active and self.role in ROLES[setting.tier]

    def _asked(self, provider: Provider) -> Provider:
        try:
            return (self.own and self.own.get(provider.id)) or provider
        except Problem:  # Their key can't be read any more.
            return provider

    def refusal(self, provider: Provider, model: str, *, listed: bool) -> str | None:
        """Why they may not use it; `None`: they may.

        A name that is not listed may be another name of a model that is closed to them. So it is open to those who may use all models
        of its provider, to administrators, on the user's own key, and where an administrator decided about this very name.
        """
        setting, full_name = self.settings.of(provider, model), f"{provider.id}/{model}"
        if not listed and self.role != "admin" and not provider.own_key and not self.settings.decided(provider, model):
            closed = self.settings.any_closed(provider, lambda each: not each.active or self.role not in ROLES[each.tier])
            if closed:
                return (
                    f"{full_name} is not in the list of {provider.name}, some of whose models you may not use. "
                    f"An administrator can open it with PATCH /admin/models/{full_name}."
                )
        if self.role not in ROLES[setting.tier]:
            roles = joined(ROLES[setting.tier], "or")
            reason = f"{full_name} is in the tier {setting.tier}, which needs the role {roles}; yours is {self.role}."
            # A model that no one decided about is closed because it costs the operator money.
            by_price = not provider.own_key and not self.settings.decided(provider, model)
            return f"{reason} You may use it with your own key for {provider.name}." if by_price else reason
        if not setting.active:
            return f"{full_name} is switched off: nobody can use it until an administrator switches it on again."
        return None


class ModelAccess:
    """Finds the models that a request names, and refuses those that its sender may not use."""

    def __init__(self, catalogue: Catalogue, settings: ModelSettings, own_keys: OwnKeys) -> None:
        self._catalogue = catalogue
        self._settings = settings
        self._own_keys = own_keys

    async def view(self, role: Role) -> ModelView:
        """The models as that role sees them now. Raises `Unavailable`."""
        return ModelView(await self._settings.current(), role)

    async def view_of(self, user: User) -> ModelView:
        """The models as that user sees them now, with their own keys. Raises `Unavailable`."""
        return await self._view_of(user, await self._own_keys.of(user.id))

    async def _view_of(self, user: User, own: OwnProviders) -> ModelView:
        return ModelView(await self._settings.current(), user.role, own)

    async def resolve(self, names: Sequence[str], user: User, place: str) -> list[ResolvedModel]:
        """The models that `names` mean, at the user's own providers where they have them.

        `place` is their path in the request, with `{}` for the position. Raises `UnknownModel` and `ModelNotAllowed`, which name every
        such model, `ProviderKeyUnreadable` and `Unavailable`.
        """
        own = await self._own_keys.of(user.id)
        view = await self._view_of(user, own)
        resolved: list[ResolvedModel] = []
        unknown: list[FieldError] = []
        refused: list[FieldError] = []
        for position, name in enumerate(names):
            field = place.format(position)
            try:
                model = resolve_for(own, self._catalogue, name, field=field, view=view)
            except UnknownModel as error:
                unknown += error.errors
                continue
            resolved.append(model)
            reason = view.refusal(model.provider, model.model, listed=model.listed is not None)
            if reason is not None:
                refused.append(FieldError(field, reason))
        if unknown:
            raise UnknownModel(" ".join(error.message for error in unknown), errors=unknown)
        if refused:
            raise ModelNotAllowed(refused, self._some_allowed(view, resolved))
        return resolved

    def _some_allowed(self, view: ModelView, asked: Sequence[ResolvedModel]) -> list[str]:
        """The nearest to those that were asked for come first."""
        found: dict[str, None] = {}
        for model in asked:
            if not view.allows(model.provider, model.model):
                found |= dict.fromkeys(self._catalogue.nearest(model.full_name, view.allows))
        for known in self._catalogue.lists:
            for name in known.models:
                if len(found) >= _NAMED:
                    return list(found)[:_NAMED]
                if not is_pattern(name) and view.allows(known.provider, name):
                    found[f"{known.provider.id}/{name}"] = None
        return list(found)[:_NAMED]
