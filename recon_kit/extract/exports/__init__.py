"""Exports made by hand, Dashboard CSVs and Salesforce reports: translated into raw files, through the column map."""

from recon_kit.extract.exports.blind_spots import blind_spots
from recon_kit.extract.exports.column_map import EXPORTS, MappedExport, read_mapped
from recon_kit.extract.exports.counting import count_lines, exported_ties
from recon_kit.extract.exports.translation import RawFile, kept_as, raw_files

__all__ = [
    "EXPORTS",
    "MappedExport",
    "RawFile",
    "blind_spots",
    "count_lines",
    "exported_ties",
    "kept_as",
    "raw_files",
    "read_mapped",
]
