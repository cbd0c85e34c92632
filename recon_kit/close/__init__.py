"""Close: can we sign?"""

from recon_kit.close.alerts import (
    ALERT_VARIABLE,
    alert_sentence,
    alert_text,
    alerts_by_team,
    alerts_of_stopped,
    raise_alerts,
    routes_of,
    unknown_routes,
    usual_variables,
)
from recon_kit.close.approvals import Approvals, approval_sentence, approvals
from recon_kit.close.billing_events import billing_events
from recon_kit.close.changes import changes_since, evidence_of_gaps, previous_table
from recon_kit.close.history import history_in_words, history_rows
from recon_kit.close.tie_outs import tie_outs_by_room
from recon_kit.close.verdict import Verdict, exposure, verdict, verdict_sentence

__all__ = [
    "ALERT_VARIABLE",
    "Approvals",
    "Verdict",
    "alert_sentence",
    "alert_text",
    "alerts_by_team",
    "alerts_of_stopped",
    "approval_sentence",
    "approvals",
    "billing_events",
    "changes_since",
    "evidence_of_gaps",
    "exposure",
    "history_in_words",
    "history_rows",
    "previous_table",
    "raise_alerts",
    "routes_of",
    "tie_outs_by_room",
    "unknown_routes",
    "usual_variables",
    "verdict",
    "verdict_sentence",
]
