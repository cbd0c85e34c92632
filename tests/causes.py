"""The causes that the spec names, by family; rounding is none of a gap by itself."""

CAUSES = {
    "missing_subscription": {"timing_lag", "handoff_missed"},
    "amount_mismatch": {
        "amount_basis", "currency", "tax", "discount", "expansion", "contraction", "trial", "paused", "cancellation",
        "unexplained", "refund_or_credit",
    },
    "billing_after_churn": {"cancellation_not_in_billing"},
    "date_misalignment": {"late_start", "early_start", "ends_early", "ends_late", "billing_past_end"},
    "phantom_revenue": {"failed_payment", "cancellation_not_in_crm"},
    "orphaned_revenue": {"self_service_signup", "trial_conversion", "merge_residue"},
}  # fmt: skip
