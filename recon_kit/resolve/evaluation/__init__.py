"""How good the links are: measured against labels, beside simple baselines, on the user's own data."""

from recon_kit.link_files import recalibrated
from recon_kit.resolve.evaluation.as_if_without import linked_as_if_without_ids
from recon_kit.resolve.evaluation.cutoffs import Cutoffs, choose_cutoffs
from recon_kit.resolve.evaluation.evaluation import Evaluation, evaluate_links
from recon_kit.resolve.evaluation.labelling_sheet import labelling_sheet
from recon_kit.resolve.evaluation.labels import known_accounts, labelled_links
from recon_kit.resolve.evaluation.measure_names import in_words
from recon_kit.resolve.evaluation.measures import measures, measures_by_slice
from recon_kit.resolve.evaluation.outcomes import outcomes
from recon_kit.resolve.evaluation.recalibration import fit_calibrator, held_back
from recon_kit.resolve.evaluation.reliability import calibration_of, reliability
from recon_kit.resolve.evaluation.retraining import Company, Retraining, retrain, write_candidate
from recon_kit.resolve.evaluation.self_audit import SelfAudit, audit_of, self_audit
from recon_kit.resolve.evaluation.shared_keys import shared_keys
from recon_kit.resolve.evaluation.truth import Truth, read_truth, truth_of_close

__all__ = [
    "Company",
    "Cutoffs",
    "Evaluation",
    "Retraining",
    "SelfAudit",
    "Truth",
    "audit_of",
    "calibration_of",
    "choose_cutoffs",
    "evaluate_links",
    "fit_calibrator",
    "held_back",
    "in_words",
    "known_accounts",
    "labelled_links",
    "labelling_sheet",
    "linked_as_if_without_ids",
    "measures",
    "measures_by_slice",
    "outcomes",
    "read_truth",
    "recalibrated",
    "reliability",
    "retrain",
    "self_audit",
    "shared_keys",
    "truth_of_close",
    "write_candidate",
]
