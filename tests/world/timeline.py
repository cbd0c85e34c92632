"""A dated history of one object: what it said after every change."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

State = TypeVar("State")


@dataclass(frozen=True)
class Change(Generic[State]):
    """One change: when, under which event name, to which state."""

    at: int
    event: str
    state: State
    is_routine: bool = False


@dataclass
class Timeline(Generic[State]):
    """States of one object in ascending order of time."""

    changes: list[Change[State]] = field(default_factory=list)

    def begin(self, at: int, event: str, state: State) -> None:
        """Record the first state."""
        self.changes.append(Change(at, event, state))

    def set(self, at: int, event: str, *, is_routine: bool = False, **values: Any) -> None:
        """Record a later state that differs from the newest one in ``values``."""
        if at < self.changes[-1].at:
            message = f"{event} at {at} is earlier than {self.changes[-1].event} at {self.changes[-1].at}"
            raise ValueError(message)
        newest: Any = self.changes[-1].state
        self.changes.append(Change(at, event, replace(newest, **values), is_routine=is_routine))

    @property
    def newest(self) -> State:
        """State after the last change."""
        return self.changes[-1].state

    @property
    def created(self) -> int:
        """Instant of the first state."""
        return self.changes[0].at

    def before(self, cutoff: int) -> State | None:
        """State on the evening whose midnight is ``cutoff``; none when it did not exist yet."""
        known = [change.state for change in self.changes if change.at < cutoff]
        return known[-1] if known else None

    def steps(self, cutoff: int) -> Iterator[tuple[Change[State] | None, Change[State]]]:
        """Each change before ``cutoff`` with the one before it."""
        previous: Change[State] | None = None
        for change in self.changes:
            if change.at < cutoff:
                yield previous, change
                previous = change
