"""The `updated_at` of each record of a sync, which never goes back. Pure."""

from typing import Final

from source_zendesk_articles.zendesk.timestamps import later

# A sync has at most a hundred states, and what is emitted again is a second later each time.
_BOUND_SECONDS: Final = 100


class Cursor:
    """Gives each record of a sync its `updated_at`, so that the time of a key never goes back.

    It is Zendesk's last timestamp of the article or the translation, if that is later than any
    record of an earlier sync; else the time of this sync. `synced_at`: the latest time that an
    earlier record may carry, or "".

    No record is later than `bound`. States say that time while more may be emitted: after a sync
    that died, the destination may hold more than the saved state knows.
    """

    def __init__(self, synced_at: str) -> None:
        self._synced_at = synced_at
        self._this_sync = synced_at
        self.latest = synced_at
        """The latest time that any record may carry by now."""
        self.bound = synced_at
        """The latest time that any record of this sync may carry."""
        self._again = synced_at

    def begin(self, now: str) -> None:
        """Take this, Zendesk's clock, for the time of this sync; before anything is emitted."""
        self._this_sync = max(now, later(self._synced_at, 1)) if self._synced_at else now
        self.latest = self._again = self._this_sync
        self.bound = later(self._this_sync, _BOUND_SECONDS)

    def begin_batch(self) -> None:
        """Let what is emitted again from now on be later than all before."""
        self._again = later(self.latest, 1)

    def updated_at(self, stamped: str | None, *, again: bool) -> str:
        """Return the time for a record.

        `stamped` is Zendesk's time, None for a retraction. `again`: an earlier batch of this sync
        may have emitted or retracted the key.
        """
        given = self._this_sync
        if stamped is not None and stamped > self._synced_at:
            given = stamped
        if again:
            given = max(given, self._again)
        given = min(given, self.bound)
        self.latest = max(self.latest, given)
        return given
