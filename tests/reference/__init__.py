"""Spec 04 again, in plain Python, one unit at a time: what the room of gaps must agree with, row for row.

Written from the contract alone and sharing no code with ``recon_kit.gaps``. Money is whole minor units and fractions.
"""
