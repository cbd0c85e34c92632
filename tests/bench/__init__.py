"""How long a close takes as the company grows, beside named baselines measured in the same run: ``make bench``."""
