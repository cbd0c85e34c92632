"""The note under a chart: at a glance, what it shows, how to read it, what to do."""

from __future__ import annotations

from recon_kit.tables.panel import Panel, between_tags


def note(*, at_a_glance: str, shows: str, how_to_read: str, what_to_do: str) -> Panel:
    """Explain a chart in four sentences, the same four under every chart."""
    parts = {
        "At a glance": at_a_glance,
        "What it shows": shows,
        "How to read it": how_to_read,
        "What to do": what_to_do,
    }
    entries = "".join(f"<dt>{name}</dt><dd>{between_tags(text)}</dd>" for name, text in parts.items())
    return Panel(
        f'<div class="rk-note"><dl>{entries}</dl></div>', "\n".join(f"{name}: {text}" for name, text in parts.items())
    )
