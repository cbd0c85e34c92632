"""Evaluate the links of a close against labels."""

from recon_kit.commands.evaluate.links import Asked, evaluate_links

__all__ = ["Asked", "evaluate_links"]
