"""Sign: put a person's name to a close that ties, and list what is knowingly carried forward."""

from recon_kit.commands.sign.open_gaps import Undecided, undecided_gaps
from recon_kit.commands.sign.signing import NotSignable, Signing, sign

__all__ = ["NotSignable", "Signing", "Undecided", "sign", "undecided_gaps"]
