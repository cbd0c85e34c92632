"""Signatures: lines of the journal that carry an Ed25519 signature, and those that should and do not.

A line is signed whole, with its number and the hash of the line before it. So whoever changes a line without the key
cannot make the lines after it anew, either. Lines from before the first signed one stay as they are; that one vouches
for them through the hash it names.
"""

from __future__ import annotations

from collections.abc import Sequence

from recon_kit.journal.lines import Decision, signed_content
from recon_kit.signing import SIGNING_KEY_FILE, SigningKey, is_genuine


def with_signature(decision: Decision, key: SigningKey | None) -> Decision:
    """Sign a line; without a key it stays unsigned."""
    return decision if key is None else decision.model_copy(update={"signature": key.sign(signed_content(decision))})


def signature_faults(decisions: Sequence[Decision], public_key: str | None, source: str) -> list[str]:
    """Name the lines that the holder of a key did not write.

    Args:
        decisions: the lines of a journal whose hashes agree, in order.
        public_key: as PEM; none: nothing can be checked.
        source: what names the key.

    Returns:
        One sentence per run of forged lines; empty when there is none.
    """
    first = next((one.sequence for one in decisions if one.signature is not None), None)
    if public_key is None or first is None:
        return []
    forged = [one for one in decisions[first - 1 :] if not _is_genuine(one, public_key)]
    return [_told(one, source) for one in forged]


def _is_genuine(decision: Decision, public_key: str) -> bool:
    signature = decision.signature
    return signature is not None and is_genuine(signed_content(decision), signature, public_key)


def _told(decision: Decision, source: str) -> str:
    if decision.signature is None:
        return f"line {decision.sequence} is forged: it carries no signature, and lines before it do"
    return (
        f"line {decision.sequence} is forged, or was made anew after a line before it was changed: its signature is "
        f"not that of the key which {source} names"
    )


def what_protects(decisions: Sequence[Decision], public_key: str | None) -> str:
    """Say against whom a journal protects: how many lines are signed, and whether that was checked."""
    signed = sum(one.signature is not None for one in decisions)
    if not signed:
        return (
            "No line is signed: an edit, a deletion, another order and a cut are detected, but not someone who can "
            "write to the folder and makes the hashes, the head and the closes anew. "
            f"Set {SIGNING_KEY_FILE} for that."
        )
    checked = (
        f"checked with the key that {SIGNING_KEY_FILE} names: none of them is forged."
        if public_key
        else f"which only a known key proves: set {SIGNING_KEY_FILE} to the public or the private key to check them."
    )
    return f"{signed} of {len(decisions)} lines carry an Ed25519 signature, {checked}"
