"""Pairing: units, chains, and which contracts meet which subscriptions."""
