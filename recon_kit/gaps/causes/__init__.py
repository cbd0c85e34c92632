"""Causes: the exact decomposition of an amount gap, with its evidence."""
