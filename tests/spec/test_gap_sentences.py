"""The sentences of gaps, drawn: facts of a gap, what is said to be wrong, and what is said to do about it.

The drawing is ``gap_sentences.txt``. A line at the margin holds the facts; the two lines below it the sentences. Facts
that a line does not name are those of ``USUAL``; amounts are a month, dates as they stand in the tables.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from recon_kit.gaps.pairing.both_sides import BothSides
from recon_kit.gaps.sentences import CORRECTIONS, EXPLANATIONS
from recon_kit.gaps.verdicts import CAUSES
from recon_kit.gaps.wording import with_wording
from recon_kit.policy import Policy
from tests.hand_made import minor

DRAWN = Path(__file__).with_name("gap_sentences.txt")
USUAL = {
    "class": "amount",
    "crm": "2,800.00",
    "billing": "3,200.00",
    "impact": "3,174.19",
    "since": "2026-03-03",
    "crm_on": "2026-01-01",
    "billing_on": "2026-01-01",
    "age": "242",
    "deals": "1",
    "subs": "1",
    "parts": "1",
    "why": "",
}
FAMILIES = {
    **dict.fromkeys(["handoff_missed", "timing_lag"], "missing_subscription"),
    **dict.fromkeys(["cancellation_not_in_crm", "failed_payment"], "phantom_revenue"),
    **dict.fromkeys(["late_start", "early_start", "ends_early", "ends_late", "billing_past_end"], "date_misalignment"),
    **dict.fromkeys(["self_service_signup", "trial_conversion", "merge_residue"], "orphaned_revenue"),
    "cancellation_not_in_billing": "billing_after_churn",
}
CLASSES = {"date_misalignment": "start", "amount_mismatch": "amount"}


def blocks(text):
    """The drawing as (facts, explanation, correction)."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assert len(lines) % 3 == 0, "every line of facts needs two sentences"
    return [tuple(line.strip() for line in lines[start : start + 3]) for start in range(0, len(lines), 3)]


def read(facts):
    """Facts such as ``discount | crm=2,000.00 | of=EUR 1,790.00`` as a mapping."""
    cause, *given = [part.strip() for part in facts.split("|")]
    named = dict(part.split("=", 1) for part in given)
    family = FAMILIES.get(cause, "amount_mismatch")
    return {**USUAL, "class": CLASSES.get(family, "existence"), **named, "cause": cause, "family": family}


def own(fact, told):
    """What a side shows in its own currency: ``EUR 1,790.00``, else what is told in dollars."""
    code, amount = fact.split() if fact else ("USD", told)
    return {"currency": code, "mrr_minor": minor(amount) if code != "JPY" else int(amount.replace(",", ""))}


def side(noun, number, facts, name):
    """The records of one side; their sum is what the side shows."""
    rows = [
        {f"{noun}_id": f"{name}{place}", "name": f"Platform {2026 + place}", "currency": "USD", "mrr_minor": 0,
         "mrr_reporting_minor": 0}
        for place in range(number)
    ]  # fmt: skip
    if rows:
        which = "crm" if noun == "opportunity" else "billing"
        rows[0] |= own(facts.get(f"{which}_own", ""), facts[which]) | {"mrr_reporting_minor": minor(facts[which])}
    schema = {f"{noun}_id": pl.String, "name": pl.String, "currency": pl.String, "mrr_minor": pl.Int64,
              "mrr_reporting_minor": pl.Int64}  # fmt: skip
    return pl.DataFrame(rows, schema=schema)


def said(facts):
    """Explanation and correction of a gap with these facts."""
    deals = side("opportunity", int(facts["deals"]), facts, "006A")
    subs = side("subscription", int(facts["subs"]), facts, "sub_A")
    day = {name: dt.date.fromisoformat(facts[name]) for name in ("since", "crm_on", "billing_on")}
    crm, billing = minor(facts["crm"]), minor(facts["billing"])
    difference = minor(facts["difference"]) if "difference" in facts else crm - billing
    gap = {
        "gap_id": "gap_1", "family": facts["family"], "cause": facts["cause"], "gap_class": facts["class"],
        "unit_id": "cus_1", "account_id": facts.get("account", "001A") or None, "account_name": "Acme Corp",
        "opportunity_ids": deals["opportunity_id"].to_list(), "subscription_ids": subs["subscription_id"].to_list(),
        "crm": crm, "billing": billing, "difference": difference, "impact": minor(facts["impact"]),
        "cause_amount": minor(facts["part"]) if "part" in facts else difference, "parts": int(facts["parts"]),
        "because": facts["why"] or None, "diverged_on": day["since"], "crm_on": day["crm_on"],
        "billing_on": day["billing_on"], "age_days": int(facts["age"]),
    }  # fmt: skip
    lists = {name: pl.List(pl.String) for name in ("opportunity_ids", "subscription_ids")}
    sides = BothSides(units=pl.DataFrame(), contracts=deals, subscriptions=subs, named=pl.DataFrame())
    frame = pl.DataFrame([gap], schema_overrides={**lists, "because": pl.String, "account_id": pl.String})
    row = with_wording(frame, sides, Policy()).row(0, named=True)
    return row["explanation"], row["suggested_correction"]


@pytest.mark.parametrize(("facts", "wrong", "do"), blocks(DRAWN.read_text("utf-8")), ids=lambda text: text[:40])
def test_sentence(facts, wrong, do):
    assert said(read(facts)) == (wrong, do)


def test_every_cause_is_drawn():
    drawn = {read(facts)["cause"] for facts, _, _ in blocks(DRAWN.read_text("utf-8"))}
    assert drawn == set(CAUSES)


def test_every_sentence_is_drawn():
    """Each template has a word of its own in the drawing, so none is there that nobody has read."""
    text = DRAWN.read_text("utf-8")
    for name, template in {**EXPLANATIONS, **CORRECTIONS}.items():
        longest = max((part for part in template.replace("}", "{").split("{")[::2]), key=len)
        assert longest.strip() in text, name


def test_no_sentence_shows_a_code_or_a_place_left_empty():
    for facts, wrong, do in blocks(DRAWN.read_text("utf-8")):
        for sentence in (wrong, do):
            assert not {"None", "null", "unknown"} & set(sentence.split()), facts
            assert "{" not in sentence, facts
            assert sentence.endswith("."), facts
            assert not any(f" {cause} " in sentence for cause in CAUSES if "_" in cause), facts
