"""The sentences of alerts, drawn: facts of a gap, and below them what its alert says.

The drawing is ``alert_sentences.txt``. Facts that a line does not name are those of ``USUAL``; amounts are a month.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from recon_kit.close.alerts.gap_alerts import with_sentences
from recon_kit.close.alerts.sentences import ANY_CHANGE, CHANGES, SENTENCES, WAITS
from recon_kit.gaps.verdicts import CAUSES
from recon_kit.schemas import TABLES
from tests.acme import SENTENCE
from tests.hand_made import minor

DRAWN = Path(__file__).with_name("alert_sentences.txt")
AS_OF = dt.date(2026, 10, 31)
USUAL = {
    "family": "amount_mismatch", "crm": "2,800.00", "billing": "3,200.00", "impact": "3,174.19", "since": "2026-03-03",
    "deals": "1", "subs": "1", "events": "seats_added", "parts": "1", "told": "", "waits": "", "account": "Acme Corp",
}  # fmt: skip
FAMILIES = {
    **dict.fromkeys(["handoff_missed", "timing_lag"], "missing_subscription"),
    **dict.fromkeys(["cancellation_not_in_crm", "failed_payment"], "phantom_revenue"),
    **dict.fromkeys(["late_start", "early_start", "ends_early", "ends_late", "billing_past_end"], "date_misalignment"),
    **dict.fromkeys(["self_service_signup", "trial_conversion", "merge_residue"], "orphaned_revenue"),
    "cancellation_not_in_billing": "billing_after_churn",
}


def blocks(text):
    """The drawing as (facts, sentence)."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assert len(lines) % 2 == 0, "every line of facts needs a sentence"
    return list(zip(lines[::2], lines[1::2], strict=True))


def read(facts):
    """Facts such as ``discount | crm=2,000.00 | part=-5.00`` as a mapping."""
    cause, *given = [part.strip() for part in facts.split("|")]
    named = dict(part.split("=", 1) for part in given)
    return {**USUAL, "family": FAMILIES.get(cause, "amount_mismatch"), **named, "cause": cause}


def rows(name, *records):
    """A table of the close from what matters of its rows."""
    kinds = TABLES[name].empty().schema
    return pl.DataFrame(records, schema_overrides={column: kinds[column] for record in records for column in record})


def side(facts, noun, number, shown, own):
    """The records of one side: the first holds all that the side shows, in its own currency where it has one."""
    code, amount = facts[own].split() if own in facts else ("USD", facts[shown])
    return [
        {
            f"{noun}_id": f"{noun}{place}", "currency": code, "mrr_minor": minor(amount) if not place else 0,
            "mrr_reporting_minor": minor(facts[shown]) if not place else 0,
        }
        for place in range(number)
    ]  # fmt: skip


def said(facts):
    """The sentence of a gap with these facts."""
    deals = side(facts, "opportunity", int(facts["deals"]), "crm", "crm_own")
    subs = side(facts, "subscription", int(facts["subs"]), "billing", "billing_own")
    kinds = facts["events"].split()
    parts = [facts["cause"], *("rounding", "unexplained")][: int(facts["parts"])]
    crm, billing = minor(facts["crm"]), minor(facts["billing"])
    difference = minor(facts["difference"]) if "difference" in facts else crm - billing
    gap = {
        "gap_id": "gap_1", "family": facts["family"], "cause": facts["cause"], "currency": "USD", "account_id": "001A",
        "account_name": facts["account"] or None, "customer_ids": ["cus_1"], "crm_mrr_minor": crm,
        "billing_mrr_minor": billing, "difference_minor": difference, "impact_minor": minor(facts["impact"]),
        "diverged_on": dt.date.fromisoformat(facts["since"]) if facts["since"] else None, "explanation": facts["told"],
        "opportunity_ids": [one["opportunity_id"] for one in deals],
        "subscription_ids": [one["subscription_id"] for one in subs],
    }  # fmt: skip
    components = [
        {
            "gap_id": "gap_1", "component": part, "evidence": [f"evt_{place}" for place in range(len(kinds))],
            "amount_minor": minor(facts.get("part", "1.00")),
        }
        for part in parts
    ]  # fmt: skip
    events = [
        {"event_id": f"evt_{place}", "change_kind": kind if kind != "unknown" else None}
        for place, kind in enumerate(kinds)
    ]
    tables = {
        "gap_components": rows("gap_components", *components), "events": rows("events", *events),
        "contracts": rows("contracts", *deals) if deals else TABLES["contracts"].empty(),
        "subscriptions": rows("subscriptions", *subs) if subs else TABLES["subscriptions"].empty(),
    }  # fmt: skip
    gaps = rows("gaps", gap).with_columns(waits_for_link=pl.lit(bool(facts["waits"])))
    told = with_sentences(gaps, lambda name: tables.get(name, TABLES[name].empty()).lazy(), AS_OF)
    return told["sentence"].item()


@pytest.mark.parametrize(("facts", "sentence"), blocks(DRAWN.read_text("utf-8")), ids=lambda text: text[:40])
def test_sentence(facts, sentence):
    assert said(read(facts)) == sentence


def test_the_first_drawn_is_that_of_acme():
    assert blocks(DRAWN.read_text("utf-8"))[0] == ("expansion", SENTENCE)


def test_every_cause_is_drawn():
    assert {read(facts)["cause"] for facts, _ in blocks(DRAWN.read_text("utf-8"))} == set(CAUSES)


def test_every_sentence_is_drawn():
    """Each template has words of its own in the drawing, so none is there that nobody has read."""
    text = DRAWN.read_text("utf-8")
    changes = [words for pair in (*CHANGES.values(), ANY_CHANGE) for words in pair]
    for template in (*SENTENCES.values(), WAITS):
        for part in template.replace("}", "{").split("{")[::2]:
            assert part in text, template
    assert [words for words in changes if f"since {words} " not in text] == []


def test_no_sentence_shows_a_code_or_a_place_left_empty():
    for facts, sentence in blocks(DRAWN.read_text("utf-8")):
        assert not {"None", "null", "unknown"} & set(sentence.split()), facts
        assert "{" not in sentence, facts
        assert sentence.endswith("."), facts
        assert "  " not in sentence, facts
        assert not any(f" {cause} " in sentence for cause in CAUSES if "_" in cause), facts
