"""One progress bar for a pull, in the terminal or the notebook: records, their rate, what is open, time left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from tqdm import tqdm


class Progress:
    """Counts records as they come; silent when it is not to be shown."""

    def __init__(self, system: str, *, shown: bool, expected: int | None, done: int = 0) -> None:
        self._bar: tqdm[None] | None = None
        if shown:
            from tqdm.auto import tqdm as bar_of  # noqa: PLC0415  (looks for a notebook when it is imported)

            total = expected if expected and expected > done else None
            self._bar = bar_of(total=total, initial=done, desc=system, unit=" records", smoothing=0.05)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def add(self, records: int, *, requests: int, open_shards: int) -> None:
        """Count a page.

        Args:
            records: that were new.
            requests: sent so far.
            open_shards: parts that are not fetched to their end.
        """
        if self._bar is not None:
            self._bar.set_postfix({"requests": requests, "open": open_shards}, refresh=False)
            self._bar.update(records)
