"""Close: can we sign?"""

from recon_kit.close.alerts import (
    alert_sentence,
    alert_text,
    alerts_by_team,
    alerts_of_stopped,
    raise_alerts,
    routes_of,
    unknown_routes,
)
from recon_kit.close.approvals import Approvals, approval_sentence, approvals
from recon_kit.close.billing_events import billing_events
from recon_kit.close.changes import changes_since, previous_table
from recon_kit.close.history import history_rows
from recon_kit.close.tie_outs import tie_outs_by_room
from recon_kit.close.verdict import Verdict, exposure, verdict, verdict_sentence

__all__ = [
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
    "exposure",
    "history_rows",
    "previous_table",
    "raise_alerts",
    "routes_of",
    "tie_outs_by_room",
    "unknown_routes",
    "verdict",
    "verdict_sentence",
]
