"""A seeded campaign of damage to valid files, judged by an independent reading in plain Python.

Whatever is done to a file: no exception but one that says what to do, no hang, no figure that changes without a word, no
record that is lost. ``python -m tests.fuzz --seed 7 --cases 2000`` repeats a campaign and prints where the cases ended.
"""
