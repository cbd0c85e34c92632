"""The list of slow files names files that exist, each once."""

from pathlib import Path

from tests.slow import SLOW


def test_every_slow_file_exists():
    here = Path(__file__).parent
    assert [name for name in SLOW if not (here / name).is_file()] == []
    assert len(set(SLOW)) == len(SLOW)
