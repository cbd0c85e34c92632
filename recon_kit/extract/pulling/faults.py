"""Why a pull stops, or tries again: in words, and without the secrets it was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon_kit.policy import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

SECRETS = (
    "STRIPE_API_KEY",
    "SALESFORCE_CLIENT_ID",
    "SALESFORCE_CLIENT_SECRET",
    "SALESFORCE_USERNAME",
    "SALESFORCE_PASSWORD",
    "SALESFORCE_SECURITY_TOKEN",
)
"""Environment variables whose values are written nowhere."""
_LONGEST = 300


class PullStopped(SettingsError):  # noqa: N818  (says what it is)
    """A pull that cannot go on until someone does something; the message says what. The partial snapshot stays."""


class TryAgain(RuntimeError):  # noqa: N818
    """A request failed for a reason that may pass.

    Attributes:
        after: seconds to wait before the next try, where the system asked for it.
        refused: whether it was one request too many.
    """

    def __init__(self, message: str, *, after: float | None = None, refused: bool = False) -> None:
        super().__init__(message)
        self.after = after
        self.refused = refused


def without_secrets(text: str, environment: Mapping[str, str], *also: str) -> str:
    """Shorten a text that came from outside to one line, and blank out every secret in it.

    Args:
        text: such as the message of an error.
        environment: its variables of ``SECRETS`` hold the secrets.
        also: further secrets, such as the token of a session.
    """
    values = [environment.get(name, "").strip() for name in SECRETS]
    for secret in sorted(filter(None, (*values, *also)), key=len, reverse=True):
        text = text.replace(secret, "***")
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
