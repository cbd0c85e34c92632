"""The decision journal: who decided what, when, why and on what evidence; each line names the hash of the line before.

An edit, a deletion, a change of order or a cut up to the newest anchor (the head file, the manifests of closes) is
detected and named. Nothing is signed in this version: it does not protect against someone who can write to the folder,
and makes the hashes, the head and the closes anew.
"""

from recon_kit.journal.chain import Anchor
from recon_kit.journal.evidence import gap_evidence, link_evidence
from recon_kit.journal.journal_file import (
    Journal,
    anchor_of_manifest,
    anchors_of_closes,
    append,
    head_of,
    lay_out,
    read_journal,
    repair,
)
from recon_kit.journal.lines import (
    LONGEST_NAME,
    LONGEST_REASON,
    Basis,
    Decision,
    Entry,
    GapSubject,
    LinkSubject,
    canonical,
    required_text,
)
from recon_kit.journal.standing import (
    APPLIED,
    CONTRADICTING,
    COPY,
    LAPSED,
    SUPERSEDED,
    UNKNOWN,
    decision_rows,
    decisions_frame,
    read_decisions,
    told,
    with_status,
)

__all__ = [
    "APPLIED",
    "CONTRADICTING",
    "COPY",
    "LAPSED",
    "LONGEST_NAME",
    "LONGEST_REASON",
    "SUPERSEDED",
    "UNKNOWN",
    "Anchor",
    "Basis",
    "Decision",
    "Entry",
    "GapSubject",
    "Journal",
    "LinkSubject",
    "anchor_of_manifest",
    "anchors_of_closes",
    "append",
    "canonical",
    "decision_rows",
    "decisions_frame",
    "gap_evidence",
    "head_of",
    "lay_out",
    "link_evidence",
    "read_decisions",
    "read_journal",
    "repair",
    "required_text",
    "told",
    "with_status",
]
