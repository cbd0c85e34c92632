"""Link files: the model and the calibrator that links rest on, as shipped or as a person adopted them."""

from recon_kit.link_files.adoption import adopted_files, digest_of
from recon_kit.link_files.calibrator import IDENTITY, Calibrator, followed_by, recalibrated
from recon_kit.link_files.reading import (
    COPY,
    FILES,
    LinkFiles,
    Parameters,
    read_link_files,
    require_none,
    shipped_files,
)
from recon_kit.link_files.wording import link_files_told

__all__ = [
    "COPY",
    "FILES",
    "IDENTITY",
    "Calibrator",
    "LinkFiles",
    "Parameters",
    "adopted_files",
    "digest_of",
    "followed_by",
    "link_files_told",
    "read_link_files",
    "recalibrated",
    "require_none",
    "shipped_files",
]
