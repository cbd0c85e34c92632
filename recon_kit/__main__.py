"""``python -m recon_kit``: the ``recon`` command where the script is not on the path."""

from recon_kit.cli import main

main()
