"""Families: what kind of gap each unpaired record and each differing pair is."""
