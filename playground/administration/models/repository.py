"""The changes of `model_settings` in the database."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from playground.catalogue.model_settings import ModelSetting
from playground.catalogue.repository import setting_of
from playground.database import locks
from playground.database.audit import Audit, differences
from playground.database.client import Database
from playground.database.generated.enums import Tier
from playground.database.transactions import Transaction, in_transaction
from playground.kit.wire import money


class SettingsRepository:
    """Changes the settings of models."""

    def __init__(self, database: Database, audit: Audit) -> None:
        self._database = database
        self._audit = audit

    async def change(self, model: str, change: Mapping[str, Any], *, otherwise: ModelSetting, decides: bool, actor_id: str | None) -> bool:
        """Set fields of `ModelSetting` for the model with this full name, and record it. Return whether anything changed.

        `otherwise` applied to the model before it had its own settings. `decides`: having its own settings is itself a change.
        """

        async def write(transaction: Transaction) -> bool:
            # One at a time, so that the recorded previous values are correct.
            await locks.lock(transaction, locks.MODEL_SETTINGS)
            row = await transaction.model_settings.find_unique(where={"model": model})
            before = otherwise if row is None else setting_of(row)
            after = replace(before, **change)
            changed = differences(_recorded(before), _recorded(after))
            if decides and row is None and not changed:
                changed = {"ownSettings": (False, True)}
            if changed:
                columns = _columns(after)
                await transaction.model_settings.upsert(
                    where={"model": model},
                    data={"create": {"model": model, **columns}, "update": columns},  # type: ignore[typeddict-item]
                )
                await self._audit.record(actor_id, "model.changed", "model", model, changed, within=transaction)
            return bool(changed)

        return await in_transaction(self._database, write)


def _columns(setting: ModelSetting) -> dict[str, Any]:
    price = setting.price
    return {
        "active": setting.active,
        "tier": Tier(setting.tier),
        "display_name": setting.display_name,
        "input_price": price.input if price else None,
        "output_price": price.output if price else None,
        "cached_input_price": price.cached_input if price else None,
    }


def _recorded(setting: ModelSetting) -> dict[str, Any]:
    price = setting.price
    amounts = {"input": price.input, "output": price.output, "cachedInput": price.cached_input} if price else None
    price_json = {name: None if amount is None else money(amount) for name, amount in amounts.items()} if amounts else None
    return {"active": setting.active, "tier": setting.tier, "displayName": setting.display_name, "price": price_json}
