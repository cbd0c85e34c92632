"""The decision journal: who decided what, when, why and on what evidence; each line names the hash of the line before.

An edit, a deletion, a change of order or a cut up to the newest anchor (the head file, the manifests and signatures of
closes) is detected and named. With ``RECON_SIGNING_KEY_FILE`` each line is signed and a forged one is named, too.
Without it this does not protect against someone who can write to the folder, and makes hashes, head and closes anew.
"""

from recon_kit.journal.anchors import anchor_of_manifest, anchors_of_closes
from recon_kit.journal.chain import Anchor
from recon_kit.journal.evidence import event_evidence, gap_evidence, link_evidence
from recon_kit.journal.journal_file import (
    Journal,
    append,
    append_all,
    head_of,
    lay_out,
    read_journal,
    repair,
)
from recon_kit.journal.lines import (
    ALLOWED,
    LONGEST_NAME,
    LONGEST_REASON,
    Basis,
    Decision,
    Entry,
    EventSubject,
    GapSubject,
    LinkSubject,
    Subject,
    canonical,
    plain_text,
    required_text,
)
from recon_kit.journal.signatures import what_protects
from recon_kit.journal.standing import (
    APPLIED,
    CONTRADICTING,
    COPY,
    LAPSED,
    SUPERSEDED,
    UNKNOWN,
    decision_rows,
    decisions_frame,
    protection,
    read_decisions,
    told,
    with_status,
)

__all__ = [
    "ALLOWED",
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
    "EventSubject",
    "GapSubject",
    "Journal",
    "LinkSubject",
    "Subject",
    "anchor_of_manifest",
    "anchors_of_closes",
    "append",
    "append_all",
    "canonical",
    "decision_rows",
    "decisions_frame",
    "event_evidence",
    "gap_evidence",
    "head_of",
    "lay_out",
    "link_evidence",
    "plain_text",
    "protection",
    "read_decisions",
    "read_journal",
    "repair",
    "required_text",
    "told",
    "what_protects",
    "with_status",
]
