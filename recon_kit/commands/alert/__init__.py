"""Alert: deliver what a close has to say to the teams that can mend it."""

from recon_kit.commands.alert.delivery import Asked, Outcome, deliver
from recon_kit.commands.alert.told import told

__all__ = ["Asked", "Outcome", "deliver", "told"]
