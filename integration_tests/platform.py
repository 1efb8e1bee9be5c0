"""What Airbyte does with a sync: it keeps the last state, and a destination the records.

Both may lose what came last, the state more of it than the destination: acknowledged states wait
in memory to be saved. The destination is as strict as the strictest one.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from integration_tests.conditions import KnownArticles
from integration_tests.connector import Message, Output, run
from integration_tests.truth import Key, Row, key_of, noticed, rows
from integration_tests.zendesk_emulator import ZendeskEmulator


@dataclass
class Destination:
    """Keeps of each key the record with the greatest `updated_at`, of equals the last to arrive.

    A retraction deletes the row, but its time stays: what is older comes too late.
    """

    newest: dict[Key, Row] = field(default_factory=dict)

    @property
    def table(self) -> dict[Key, Row]:
        """The rows that are there, in the form of `truth`, in what a reader can notice."""
        held = [row for row in self.newest.values() if row["status"] != "removed"]
        return {key: noticed(row) for key, row in rows(held).items()}

    def write(self, batch: Collection[Row]) -> None:
        """Take what came between two states, which may be written as a set."""
        keys = [key_of(record) for record in batch]
        assert len(set(keys)) == len(keys), "a key came twice between two states"
        for key, record in zip(keys, batch, strict=True):
            held = self.newest.get(key)
            assert held is None or held["updated_at"] <= record["updated_at"], "time went back"
            self.newest[key] = record


class Platform:
    """A connection: its destination, and the state that the next sync begins with."""

    def __init__(self, zendesk: ZendeskEmulator) -> None:
        self.destination = Destination()
        self.state: Message | None = None
        self.lost: set[Key] = set()
        """Rows of articles that the saved state did not know, written after what it announced.

        If they are gone from Zendesk before the next sync, nobody finds out: the README says so.
        """
        self._zendesk = zendesk

    def sync(self, configuration: Mapping[str, object], **options: Any) -> Output:  # noqa: ANN401 -- as `run` takes them
        """Run a sync, and keep all of it."""
        output = self.read(configuration, **options)
        self.keep(output)
        return output

    def read(self, configuration: Mapping[str, object], **options: Any) -> Output:  # noqa: ANN401 -- the same
        """Run a sync, and keep nothing yet."""
        return run(self._zendesk, "read", configuration, state=self.state, **options)

    def keep(self, output: Output) -> None:
        """Keep all of a sync, whether it failed or not."""
        self.keep_until(output, len(output.states))

    def keep_until(self, output: Output, states: int, *, more: Collection[int] = ()) -> None:
        """Keep so many states and all records before the last of them.

        Of all that came after it, keep the records at these places: it is written batch by batch,
        while the states behind them may never be saved.
        """
        batches = batches_of(output)
        for batch in batches[:states]:
            self.destination.write(batch)
        if states:
            self.state = output.states[states - 1]
        place = 0
        for number, batch in enumerate(batches[states:]):
            places = range(place, place + len(batch))
            kept = [record for record, at in zip(batch, places, strict=True) if at in more]
            self.destination.write(kept)
            place += len(batch)
            if number and kept:
                known = self._known()
                self.lost.update(key for key in map(key_of, kept) if key[0] not in known)
        if not states:
            self._let_pass(batches)

    def _let_pass(self, batches: Iterable[Collection[Row]]) -> None:
        """Let the clock pass the times of records of which no saved state knows.

        Nothing else bounds them. Syncs that die within minutes may have times ahead of the clock.
        """
        stamps = [str(record["updated_at"]) for batch in batches for record in batch]
        ahead = datetime.fromisoformat(max(stamps)) - self._zendesk.clock.now if stamps else None
        if ahead and ahead >= timedelta():
            self._zendesk.clock.advance(ahead.total_seconds() + 1)

    def _known(self) -> set[int]:
        """Return the articles that the saved state knows."""
        saved = self.state["stream"]["stream_state"] if self.state else {}
        entries = saved.get("help_centers", {}).values()
        return {row for entry in entries for row in KnownArticles.unpack(entry["known"])}


def batches_of(output: Output) -> list[list[Row]]:
    """Return the records before the first state, between it and the next, …, and after the last."""
    batches: list[list[Row]] = [[]]
    for message in output.messages:
        if message["type"] == "RECORD":
            batches[-1].append(message["record"]["data"])
        elif message["type"] == "STATE":
            batches.append([])
    return batches
