"""All classes of errors: alone, compounded, and those within a tolerance, which must give no gap."""

from __future__ import annotations

from recon_kit.commands.challenge import plant_amounts, plant_dates, plant_existence, plant_given_back
from recon_kit.commands.challenge.planting import Plant

PLANTS: tuple[Plant, ...] = (
    *plant_existence.PLANTS,
    *plant_amounts.PLANTS,
    *plant_given_back.PLANTS,
    *plant_dates.PLANTS,
)
CONTROLS: tuple[Plant, ...] = (*plant_amounts.CONTROLS, *plant_dates.CONTROLS)

_BY_NAME = {plant.name: plant for plant in PLANTS}
_TOGETHER = (
    ("billed late", "expanded"),
    ("billed early", "coupon in Stripe only"),
    ("billed late", "refunded"),
    ("billed early", "sold higher"),
    ("stops late", "contracted"),
    ("billed late", "stops early"),
    ("credited", "expanded"),
    ("credited", "stops late"),
    ("coupon in Stripe only", "expanded"),
    ("discount in the contract only", "contracted"),
    ("sold in another currency", "expanded"),
    ("sold with tax", "expanded"),
    ("collection paused", "extra subscription"),
    ("a part cancelled", "coupon in Stripe only"),
)
COMPOUNDS: tuple[tuple[Plant, Plant], ...] = tuple((_BY_NAME[one], _BY_NAME[other]) for one, other in _TOGETHER)
"""Two errors on one account. Of two that both change the monthly amount, the second is three times as large, so that it
is the cause and they never cancel one another."""

NEVER_ALONE = {
    "rounding": (
        "a difference within rounding_tolerance is no gap, so rounding is never its largest part; that such a "
        "difference gives none is tested"
    ),
}
"""Causes of the spec that no error alone can have, and why."""
