"""Rendering: one bundle that JupyterLab, nbconvert and a code host each show without a network."""

from __future__ import annotations

import hashlib
import json
import textwrap
from functools import cache
from typing import Any, TypeAlias

import altair as alt
import vl_convert

from recon_kit.charts.theme import WIDTH, configuration

Figure: TypeAlias = alt.Chart | alt.LayerChart

_NAME = "recon"
_LAB_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
_CAPTION_WIDTH = 96


class ChartUndescribed(ValueError):  # noqa: N818  (what is wrong with the chart; it is shown to the analyst)
    """A chart lacks the title or the description that stand for it where it cannot be seen."""


def enable() -> None:
    """Show charts through the kit's renderer from here on; calling it again changes nothing."""
    alt.renderers.register(_NAME, _bundle)
    alt.renderers.enable(_NAME)


def finished(chart: Figure, *, title: str, description: str) -> Figure:
    """Give a chart its title, its description and the kit's look."""
    return chart.properties(title=title, description=description, config=_look())


@cache
def _look() -> alt.Config:
    return alt.Config.from_dict(configuration())


def layered(*layers: alt.Chart, height: int | alt.Step) -> alt.LayerChart:
    """Lay charts over one another in the kit's width."""
    return alt.LayerChart(layer=list(layers), width=WIDTH, height=height)


def specification(chart: Figure) -> dict[str, Any]:
    """Return the Vega-Lite specification of a chart, whatever theme or renderer is enabled.

    Raises:
        ChartUndescribed: when title or description is missing.
    """
    with alt.theme.enable("none"):
        spec = chart.to_dict()
    _require_description(spec)
    return spec


def svg(chart: Figure) -> str:
    """Draw a chart as SVG; the same bytes for the same chart."""
    return str(vl_convert.vegalite_to_svg(specification(chart)))


def chart_digest(chart: Figure) -> str:
    """Return the SHA-256 of a chart's specification in canonical JSON, to check a chart by."""
    canonical = json.dumps(specification(chart), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _bundle(spec: dict[str, Any], **_: object) -> tuple[dict[str, Any], dict[str, Any]]:
    title = _require_description(spec)
    description = str(spec["description"])
    return (
        {
            "image/svg+xml": vl_convert.vegalite_to_svg(spec),
            "application/vnd.vegalite.v5+json": _for_lab(spec, title, description),
            "text/plain": f"[chart] {title}: {description}",
        },
        {"image/svg+xml": {"alt": description}},
    )


def _require_description(spec: dict[str, Any]) -> str:
    title = spec.get("title")
    text = title.get("text") if isinstance(title, dict) else title
    missing = [name for name, value in (("title", text), ("description", spec.get("description"))) if not value]
    if missing:
        message = (
            f"A chart needs a title and a description for readers who cannot see it; missing: {', '.join(missing)}."
        )
        raise ChartUndescribed(message)
    return str(text)


def _for_lab(spec: dict[str, Any], title: str, description: str) -> dict[str, Any]:
    # JupyterLab brings Vega-Lite 5 and draws no caption of its own.
    caption = {"text": title, "subtitle": textwrap.wrap(description, _CAPTION_WIDTH)}
    return {**spec, "$schema": _LAB_SCHEMA, "title": caption}
