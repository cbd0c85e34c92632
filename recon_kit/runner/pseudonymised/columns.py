"""What becomes of each text column of a close when it is pseudonymised: hashed, left out, or kept."""

from __future__ import annotations

import re
from enum import Enum


class Treatment(Enum):
    """What becomes of a text column.

    ``HASHED``: a keyed hash. ``PRODUCT``: a keyed hash that keeps a discount told in words, since figures rest on it.
    ``TOLD``: left out but for that discount. ``LEFT_OUT``: free text, gone. ``SCRUBBED``: a sentence of the kit, with
    hashes for the names in it. ``KEPT``: ids, codes, amounts in words of the system.
    """

    HASHED = "hashed"
    PRODUCT = "product"
    TOLD = "told"
    LEFT_OUT = "left out"
    SCRUBBED = "scrubbed"
    KEPT = "kept"


PERSONAL = {
    *("account_name", "billing_email", "by", "city", "contact_emails", "customer_email", "customer_name"),
    *("domains", "email", "email_domain", "emails", "name", "name_core", "name_cores", "name_full"),
    *("owner_email", "owner_name", "phone", "postal_code", "tax_id", "tax_number", "vat_number", "web_domain"),
    *("website", "address", "street", "domain", "contact_name", "decided_by", "approved_by"),
    *("owner_names", "owner_emails"),
}
"""Columns that say who somebody is; no value of theirs may stand in the pack."""
_PARTS = {"acronym", "domain_root", "name_tokens", "nickname", "label", "sku"}
_FREE_TEXT = {
    *("description", "error", "explanation", "evidence", "message", "note", "raw", "reason", "sentence"),
    *("suggested_correction", "value", "why", "comment", "text"),
    "next_step",
}
_OVERRIDES = {
    ("contracts", "note"): Treatment.TOLD,
    ("contract_lines", "product"): Treatment.PRODUCT,
    ("subscription_items", "product"): Treatment.HASHED,
    ("prices", "product"): Treatment.HASHED,
    ("bridge", "label"): Treatment.SCRUBBED,
    ("not_testable", "reason"): Treatment.SCRUBBED,
    ("not_testable", "subject"): Treatment.SCRUBBED,
    ("dismissals", "owner"): Treatment.HASHED,
    ("dismissals", "conditions"): Treatment.SCRUBBED,
    ("approvals", "terms"): Treatment.SCRUBBED,
    ("gaps", "evidence"): Treatment.KEPT,
    ("gap_components", "evidence"): Treatment.KEPT,
    **{
        (table, "reason"): Treatment.KEPT
        for table in ("excluded", "credit_notes", "refunds", "disputes", "mrr_worksheet", "mrr_worksheet_parts")
    },
}
"""Ids and codes in columns whose name says otherwise, and text that figures rest on."""
_KEPT = re.compile(
    r"(.*_)?(id|ids|key|sha256|currency|state|status|kind|type|family|cause|component|direction|side|source|object|rule)$"
    r"|account_id_as_given|amends_id|amount_basis|basis|billing_(cadence|reason|scheme|system)|bin|bucket|category|change"
    r"|changed|(cancellation|churned_on|start_on|end_on)_(reason|source)|collection_method|correct_in|country|decision"
    r"|duration|equation|failure_code|fault|field|file|interval|line|measure|merged_into|method|months|number|object_type"
    r"|opportunity_type|owner|owner_team|pairing_rule|payment_terms|placed_in|points_to|rate|rate_\w+|reporting_category"
    r"|room|shard|stage|subject|taken_over_by|teams|tax_behavior|tiers_mode|transform_round|usage_type|what"
)


def treatment(table: str, column: str) -> Treatment:
    """Say what becomes of a text column; one that no rule knows is left out."""
    if (table, column) in _OVERRIDES:
        return _OVERRIDES[table, column]
    if column in PERSONAL or column in _PARTS:
        return Treatment.HASHED
    if column in _FREE_TEXT or not is_known(column):
        return Treatment.LEFT_OUT
    return Treatment.KEPT


def is_known(column: str) -> bool:
    """Tell whether a rule names a column; a new column of text needs one."""
    named = PERSONAL | _PARTS | _FREE_TEXT | {column for _, column in _OVERRIDES}
    return column in named or _KEPT.fullmatch(column) is not None
