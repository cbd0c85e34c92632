"""What the whole company says of a pair: places that all share, and names that are copied letter for letter."""

from __future__ import annotations

import polars as pl
import pytest

from recon_kit.resolve.model import score_pairs
from tests.bench.train_links import keys_of

WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "haven", "indigo", "juniper", "kestrel", "lumen",
         "marble", "nectar", "onyx", "pepper", "quartz", "raven", "saffron", "tundra", "umber", "velvet")  # fmt: skip
NAMES = [f"{one}{other} Works" for one in WORDS for other in WORDS if one != other][:400]


def scored(ours: list[str], theirs: list[str], **place: str) -> pl.DataFrame:
    accounts = pl.DataFrame({"account_id": [f"a{i:04}" for i in range(len(ours))], "name": ours, **place})
    customers = pl.DataFrame({"customer_id": [f"c{i:04}" for i in range(len(theirs))], "name": theirs, **place})
    return score_pairs(*keys_of(accounts, customers), floor=-5.0)


def test_a_country_in_which_all_accounts_are_says_as_much_as_none() -> None:
    theirs = [name.replace("Works", "Work") for name in NAMES]

    there, nowhere = scored(NAMES, theirs, country="US"), scored(NAMES, theirs)

    assert there.height >= len(NAMES)
    assert there.equals(nowhere)


def test_a_country_of_few_accounts_still_speaks_for_a_pair() -> None:
    theirs = [name.replace("Works", "Work") for name in NAMES]

    there, nowhere = scored(NAMES[:50], theirs[:50], country="US"), scored(NAMES[:50], theirs[:50])

    assert there["pair_probability"].mean() > nowhere["pair_probability"].mean()  # type: ignore[operator]


@pytest.mark.parametrize(("form", "lowered"), [(" Limited", True), (" Ltd", False)])
def test_another_legal_name_is_another_company_where_names_are_copies(form: str, *, lowered: bool) -> None:
    ours = [f"{name} Limited" for name in NAMES[:200]] + ["Zeppelin Marine Holdings Limited"]
    theirs = [f"{name}{form}" for name in NAMES[:200]] + ["Zeppelin Marine Limited"]

    def zeppelin(pairs: pl.DataFrame) -> float:
        return float(pairs.filter(customer_id=f"c{len(theirs) - 1:04}", account_id=f"a{len(ours) - 1:04}").row(
            0, named=True)["pair_probability"])  # fmt: skip

    freely = zeppelin(scored(ours, [name.replace("Limited", "LLP") for name in theirs[:200]] + theirs[200:]))
    here = zeppelin(scored(ours, theirs))

    odds = (here / (1 - here)) / (freely / (1 - freely))
    assert odds == pytest.approx(1 / 64 if lowered else 1, rel=0.02)


def test_names_without_a_legal_form_are_never_taken_for_copies() -> None:
    ours, theirs = [*NAMES[:200], "Zeppelin Marine Holding"], [*NAMES[:200], "Zeppelin Marine"]

    near = scored(ours, theirs).filter(customer_id="c0200", account_id="a0200")
    few = scored(ours[150:], theirs[150:]).filter(customer_id="c0050", account_id="a0050")

    assert near["pair_probability"].item() == pytest.approx(few["pair_probability"].item(), rel=0.2)
