"""Tests of the kit; a package by its own right, since some libraries bring one of the same name."""
