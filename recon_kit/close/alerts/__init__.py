"""Alerts: what a team is told at once, as sentences, with what would make them news."""

from recon_kit.close.alerts.raising import Raised, alerts_of_stopped, raise_alerts
from recon_kit.close.alerts.routing import (
    ALERT_VARIABLE,
    OWNER,
    routes_of,
    unknown_routes,
    usual_variables,
    variable_of,
)
from recon_kit.close.alerts.told import alert_sentence, alert_text, alerts_by_team

__all__ = [
    "ALERT_VARIABLE",
    "OWNER",
    "Raised",
    "alert_sentence",
    "alert_text",
    "alerts_by_team",
    "alerts_of_stopped",
    "raise_alerts",
    "routes_of",
    "unknown_routes",
    "usual_variables",
    "variable_of",
]
