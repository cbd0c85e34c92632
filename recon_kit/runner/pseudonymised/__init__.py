"""Pseudonymised packs: the pages of a close without a name in them, whose figures tie to those of the close.

Names, e-mail addresses, domains, phone numbers and addresses become keyed hashes in the tables, free text is left out,
and the pages from 04 on are rendered again from those tables. The same key gives the same hashes in every pack.
"""

from recon_kit.runner.pseudonymised.key import PSEUDONYM_KEY_FILE, pseudonym_key
from recon_kit.runner.pseudonymised.pack import PSEUDONYMISED, is_pseudonymised, write_pseudonymised

__all__ = ["PSEUDONYMISED", "PSEUDONYM_KEY_FILE", "is_pseudonymised", "pseudonym_key", "write_pseudonymised"]
