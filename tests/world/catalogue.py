"""The catalogue of plants: every fault by family and cause, every hard negative, and the ordinary stories."""

from collections.abc import Callable
from dataclasses import dataclass

from .story import Story

Tell = Callable[[Story], None]


@dataclass(frozen=True)
class Plant:
    """One kind of story; ``family`` and ``cause`` are empty when it plants no gap."""

    name: str
    tell: Tell
    family: str = ""
    cause: str = ""
    is_hard_negative: bool = False
    weight: int = 1


FAULTS: dict[str, Plant] = {}
HARD_NEGATIVES: dict[str, Plant] = {}
ORDINARY: dict[str, Plant] = {}
BY_VERB: dict[str, Plant] = {}


def fault(family: str, cause: str) -> Callable[[Tell], Tell]:
    """Register a story that plants one gap."""

    def register(tell: Tell) -> Tell:
        name = tell.__name__.removeprefix("plant_")
        FAULTS[name] = Plant(name, tell, family, cause)
        return tell

    return register


def by_verb(family: str, cause: str) -> Callable[[Tell], Tell]:
    """Register a healthy story whose rendered records a verb of ``recon challenge`` spoils; told on request only."""

    def register(tell: Tell) -> Tell:
        name = tell.__name__.removeprefix("plant_")
        BY_VERB[name] = Plant(name, tell, family, cause)
        return tell

    return register


def hard_negative(tell: Tell) -> Tell:
    """Register a story that looks like a gap and is none."""
    name = tell.__name__.removeprefix("plant_")
    HARD_NEGATIVES[name] = Plant(name, tell, is_hard_negative=True)
    return tell


def ordinary(weight: int) -> Callable[[Tell], Tell]:
    """Register a story of everyday business, told in proportion to its weight."""

    def register(tell: Tell) -> Tell:
        name = tell.__name__.removeprefix("plant_")
        ORDINARY[name] = Plant(name, tell, weight=weight)
        return tell

    return register
