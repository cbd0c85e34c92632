"""Restate: why a closed month's figures changed: code, policy, decisions, edited and late records, one by one."""

from recon_kit.commands.restate.parts import PARTS, Restatement, restate
from recon_kit.commands.restate.report import as_text, usable_place, write_report

__all__ = ["PARTS", "Restatement", "as_text", "restate", "usable_place", "write_report"]
