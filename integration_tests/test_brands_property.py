"""Whatever happens to the brands of an account: the destination mirrors those that are meant."""

import re
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, NamedTuple
from unittest.mock import patch

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from integration_tests.conditions import BATCH_ARTICLES, SMALL, without_waiting
from integration_tests.connector import LISTING, Output, config
from integration_tests.cost import Met, asked, looks, most
from integration_tests.histories import searched
from integration_tests.people import EDITS, Edit, Zendesk
from integration_tests.platform import Platform, batches_of
from integration_tests.truth import Key, Row, key_of, mirror
from integration_tests.zendesk_emulator import Brand, Fault, Switches, ZendeskEmulator
from source_zendesk_articles.memory.known import KnownArticles

EVERY = ["*"]
NOBODY = "nobody"
ANSWERS = r"help_center/(locales|articles|articles/\d+)$|users/me$"
PASSING = st.sampled_from(
    [Fault("rate_limited", retry_after=5), Fault("status", status=503), Fault("cut_json")]
)
LASTING = st.sampled_from(
    [
        Fault("status", status=500),
        Fault("status", status=403),
        Fault("status", status=404),
        Fault("redirect"),
        Fault("cut_json"),
    ]
)
DEPENDS_ON_ABSENCE = {"archived_or_deleted", "translation_deleted"}
BRAND = st.integers(0, 2)


class Change(NamedTuple):
    """Something that happens to one of the three brands, or to the configuration."""

    kind: str
    brand: int
    other: int
    flag: bool
    edit: Edit


CHANGES = st.lists(
    st.builds(
        Change,
        kind=st.sampled_from(
            [
                *["edit", "rename", "exchange", "configure"] * 3,
                *["active", "help_center", "listed"] * 2,
                *["delete", "reuse", "forbid"],
            ]
        ),
        brand=BRAND,
        other=st.integers(0, 15),
        flag=st.sampled_from([True, True, False]),
        edit=EDITS,
    ),
    min_size=1,
    max_size=3,
)

Rows = dict[Key, tuple[str, Row]]


class Expected(NamedTuple):
    """What a configuration means as things are.

    `names`: what has to be read. `perhaps`: what may be. Of all these the sync has to fail for
    `broken`, and may for `doubtful`.
    """

    names: set[str]
    perhaps: set[str]
    broken: set[str]
    doubtful: set[str]


class Brands(RuleBasedStateMachine):
    """Brands come, go and change their names; syncs succeed, die, and fail for one of them.

    `read_as`: under which name each was read, where that is certain. `identified`: under which name
    the list showed it when it was. `clean`: the last sync was kept whole, and nothing else has
    happened since.
    """

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        self.read_as: dict[Brand, str] = {}
        self.identified: dict[Brand, str] = {}
        self.clean = False
        self.fed = False
        self.renamed = 0

    @initialize(
        small=st.sampled_from([500, 500, 0]),
        hours=st.sampled_from([0, 6, 168]),
        batch=st.sampled_from([2, 1000]),
        switches=st.builds(
            Switches, inactive_brands_answer=st.booleans(), deleted_brands_listed=st.booleans()
        ),
        every=st.booleans(),
    )
    def begin(self, small: int, hours: int, batch: int, switches: Switches, every: bool) -> None:
        self.zendesk = self._stack.enter_context(ZendeskEmulator(switches=replace(switches)))
        self._stack.enter_context(patch(SMALL, small))
        self._stack.enter_context(patch(BATCH_ARTICLES, batch))
        self._stack.enter_context(without_waiting(self.zendesk))
        self.small = small
        self.platform = Platform(self.zendesk)
        for subdomain in ("shop", "club"):
            self.zendesk.account.add_brand(subdomain)
        self.brands = self.zendesk.account.brands
        self.people = {brand: Zendesk(self.zendesk, brand.help_center) for brand in self.brands}
        self.zendesk.clock.advance(3600)
        self.subdomain, self.named = "acme", EVERY if every else []
        self.hours = hours

    def teardown(self) -> None:
        self._stack.close()

    # -------------------------------------------------------------------- what happens

    def _do(self, changes: list[Change]) -> None:
        for change in changes:
            getattr(self, "_" + change.kind)(self.brands[change.brand], change)
            self.clean = False

    def _edit(self, brand: Brand, change: Change) -> None:
        self.people[brand].do(change.edit)

    def _active(self, brand: Brand, change: Change) -> None:
        brand.active = change.flag

    def _help_center(self, brand: Brand, change: Change) -> None:
        brand.has_help_center = change.flag

    def _listed(self, brand: Brand, change: Change) -> None:
        # Who left the list under another name than the one it was read by can not be found.
        brand.is_listed = change.flag or not self._is_found(brand)

    def _delete(self, brand: Brand, _: Change) -> None:
        brand.is_deleted = brand.is_deleted or self._is_found(brand)

    def _rename(self, brand: Brand, _: Change) -> None:
        if self._has_row(brand) and not brand.is_deleted:
            self.renamed += 1
            brand.subdomain = f"{brand.subdomain.split('-')[0]}-{self.renamed}"

    def _exchange(self, brand: Brand, change: Change) -> None:
        other = self.brands[change.other % 3]
        if all(self._has_row(row) and not row.is_deleted for row in (brand, other)):
            brand.subdomain, other.subdomain = other.subdomain, brand.subdomain

    def _reuse(self, brand: Brand, change: Change) -> None:
        """Give a brand the name of one that was deleted."""
        other = self.brands[change.other % 3]
        if all(map(self._has_row, (brand, other))) and other.is_deleted and not brand.is_deleted:
            brand.subdomain = other.subdomain

    def _configure(self, brand: Brand, change: Change) -> None:
        self.subdomain = brand.subdomain
        names = [*(row.subdomain for row in self.brands), NOBODY]
        bits = change.other if change.flag else change.other % 8
        self.named = [
            # To name the same one twice means nothing.
            name
            for place, name in enumerate(names)
            if bits & 1 << place and name != self.subdomain
        ]
        if change.flag and change.other % 2:
            self.named = EVERY

    def _forbid(self, _: Brand, change: Change) -> None:
        self.zendesk.switches.brands_forbidden = not change.flag

    # --------------------------------------------------------------------------- syncs

    @rule(changes=CHANGES)
    def things_change_between_two_syncs(self, changes: list[Change]) -> None:
        self._sync()
        self._do(changes)
        self._sync()

    @rule(
        changes=CHANGES,
        faults=st.lists(st.tuples(st.integers(0, 12), PASSING), max_size=2),
        seconds=st.sampled_from([0, 60, 7 * 3600]),
    )
    def a_sync(self, changes: list[Change], faults: list[tuple[int, Fault]], seconds: int) -> None:
        self._do(changes)
        self.zendesk.clock.advance(seconds)
        for skip, fault in faults:
            path = rf"{ANSWERS}|brands$"
            self.zendesk.faults.add(replace(fault, path=path, skip=skip, credential="api_token"))
        self._sync()

    @precondition(lambda self: self.clean)
    @rule()
    def another_sync_emits_nothing(self) -> None:
        fed = self.fed
        output = self._sync()
        # A listing may find what a feed could not.
        assert fed or [] == output.records

    @rule(
        changes=CHANGES,
        states=st.integers(0, 8),
        more=st.sets(st.integers(0, 40)) | st.just(set(range(200))),
        times=st.integers(1, 2),
    )
    def a_sync_dies(self, changes: list[Change], states: int, more: set[int], times: int) -> None:
        self._do(changes)
        for _ in range(times):
            output = self._read()
            self.platform.keep_until(output, states % (len(output.states) + 1), more=more)
        self.read_as.clear()
        self.clean = False

    @rule(number=BRAND, fault=LASTING, skip=st.integers(0, 5))
    def the_host_of_one_fails(self, number: int, fault: Fault, skip: int) -> None:
        name = self.brands[number].subdomain
        host = rf"^{name}\."
        self.zendesk.faults.add(
            replace(fault, path=ANSWERS, host=host, skip=skip, times=None, credential="api_token")
        )
        self._sync(failing={name})
        self._sync()

    # ----------------------------------------------------------------------- what is so

    def _has_row(self, brand: Brand) -> bool:
        """Whether the list shows it, to whom it shows anything."""
        listed = self.zendesk.switches.deleted_brands_listed
        return brand.is_listed and (listed or not brand.is_deleted)

    def _rows(self) -> list[Brand] | None:
        """Return what the list shows; None where there is none."""
        asked = self.zendesk.account.brand(self.subdomain)
        if asked is None or not self._answers(asked) or self.zendesk.switches.brands_forbidden:
            return None
        return [brand for brand in self.brands if self._has_row(brand)]

    @property
    def _rows_at_first(self) -> list[Brand] | None:
        """What the list shows where it is asked for."""
        return self._rows() if self.named else None

    @property
    def _may_be_mistaken(self) -> bool:
        """Whether what left stays, because no list tells whether a new name is a mistake."""
        return bool(self.named) and self._rows_at_first is None

    def _answers(self, brand: Brand) -> bool:
        switches = self.zendesk.switches
        return not brand.is_deleted and (brand.active or switches.inactive_brands_answer)

    def _at(self, name: str) -> Brand | None:
        """Find the brand whose Help Center a host has."""
        brand = self.zendesk.account.brand(name)
        return brand if brand and brand.has_help_center and self._answers(brand) else None

    def _is_found(self, brand: Brand) -> bool:
        """Whether it is known by its name, if at all."""
        held = self._held_names(brand) | {self.read_as.get(brand, brand.subdomain)}
        return held == {brand.subdomain} and not self._is_in_doubt

    @property
    def _is_in_doubt(self) -> bool:
        return not self.read_as and self.platform.state is not None

    def _held_names(self, brand: Brand) -> set[str]:
        newest = self.platform.destination.newest
        return {
            row["brand_subdomain"]
            for key, row in newest.items()
            if key[0] in self.people[brand].ever and row["status"] != "removed"
        }

    def _table(self) -> Rows:
        destination = self.platform.destination
        gone = self.platform.lost - {key for brand in self.brands for key in self._truth(brand)}
        return {
            key: (destination.newest[key]["brand_subdomain"], row)
            for key, row in destination.table.items()
            if key not in gone
        }

    def _entries(self) -> dict[str, Any]:
        state = self.platform.state
        found: dict[str, Any] = state["stream"]["stream_state"]["help_centers"] if state else {}
        return found

    def _truth(self, brand: Brand) -> Rows:
        rows = mirror(brand.help_center)
        return {key: (brand.subdomain, row) for key, row in rows.items()}

    def _of(self, brand: Brand, table: Rows) -> Rows:
        return {key: row for key, row in table.items() if key[0] in self.people[brand].ever}

    # ------------------------------------------------------------------------- promises

    def _expected(self) -> Expected | None:
        """Return what the configuration means; None where nothing can be read."""
        if self.named == EVERY:
            return self._expected_of_every_brand()
        names = {self.subdomain, *self.named}
        broken = {name for name in names if self._at(name) is None}
        rows = self._rows()
        doubtful: set[str] = set()
        if self.named and rows is not None:
            row_of = {brand.subdomain: brand for brand in rows if not brand.is_deleted}
            broken |= {name for name, brand in row_of.items() if not brand.active} & names
            doubtful = names - row_of.keys() - set(self.read_as.values())
        return Expected(names, set(), broken, doubtful)

    def _expected_of_every_brand(self) -> Expected | None:
        rows = self._rows()
        if rows is None:
            return None
        # A brand that was deleted leaves its name to others.
        row_of = {brand.subdomain: brand for brand in rows if not brand.is_deleted}
        deleted = {brand.subdomain for brand in rows if brand.is_deleted}
        names = {name for name, brand in row_of.items() if brand.active and brand.has_help_center}
        unlisted = {brand for brand in self.brands if brand not in rows}
        held = {brand for brand in unlisted if self._of(brand, self._table())}
        names |= {brand.subdomain for brand in held | (unlisted & self.read_as.keys())}
        names |= {self.subdomain} - row_of.keys() - deleted
        perhaps = {brand.subdomain for brand in unlisted} - names
        if not names | perhaps:
            return None
        # What was renamed before its id was ever learnt is not found by its new name.
        lost = {
            name
            for name, entry in self._entries().items()
            if "brand" not in entry and name not in row_of
        }
        broken = {name for name in names if self._at(name) is None}
        return Expected(names, perhaps, broken, perhaps | lost)

    def _sync(self, *, failing: frozenset[str] | set[str] = frozenset()) -> Output:
        """Run a sync that is kept whole, and hold all that is promised of it."""
        before, entries = self._table(), self._entries()
        expected = self._expected()
        output = self._read()
        self.platform.keep(output)
        self.clean = not failing
        if expected is None:
            assert not output.succeeded
            assert [] == output.records
            return output
        blamed = self._blamed(output)
        assert expected.broken <= blamed, output.text
        assert blamed <= expected.broken | expected.doubtful | failing, output.text
        for host in (expected.names | expected.perhaps) - blamed:
            self._assert_cost(host, output)
        listed = self._hosts_listed()
        self.fed = not expected.names - blamed <= listed
        for brand in self.brands:
            was, rows = (self._of(brand, table) for table in (before, self._table()))
            name = brand.subdomain
            if name in blamed:
                # What it showed before it failed may have come.
                assert name in failing or was == rows
            elif name in expected.names | expected.perhaps and self._at(name) is brand:
                if name in listed:
                    # While something is wrong, what was renamed unnoticed does not leave.
                    kept = {
                        key: row
                        for key, row in was.items()
                        if row[0] != name and rows.get(key) == row and not output.succeeded
                    }
                    assert {**kept, **self._truth(brand)} == rows
                    self.read_as[brand] = name
                    if self._rows_at_first is not None:
                        self.identified[brand] = name
                else:
                    assert name in expected.perhaps or self.fed
            elif output.succeeded and not self.fed and not self._may_be_mistaken:
                assert {} == rows
                self.read_as.pop(brand, None)
            else:
                assert rows.items() <= was.items()
                self.read_as.pop(brand, None)
                # Nothing leaves because of a mistake, unless another brand is at its name.
                held_at = {name for name, _ in was.values()} | {
                    name
                    for name, entry in entries.items()
                    if {article_id for article_id, _ in was}.intersection(
                        KnownArticles.unpack(entry["known"])
                    )
                }
                is_followed = expected.names.isdisjoint(held_at)
                if NOBODY in expected.broken and self._rows() is not None and is_followed:
                    assert was == rows
        return output

    def _assert_cost(self, host: str, output: Output) -> None:
        """Hold what was asked of a Help Center that was read against what it may cost."""
        requests = [row for row in self.zendesk.requests if row.host == f"{host}.zendesk.com"]
        brand = self._at(host)
        if brand is None:
            return
        live = brand.help_center.articles
        placed = Counter(article.section_id for article in live)
        sections = brand.help_center.sections.values()
        allowed = most(
            Met(
                listed=host in self._hosts_listed(),
                fed=any(row.path.endswith("incremental/articles") for row in requests),
                disturbed=any(row.disturbed for row in requests),
                articles=[
                    [placed[row.id] for row in sections if row.category_id == category]
                    for category in brand.help_center.categories
                ],
                small=self.small,
                gone=sum(len(people.ever) for people in self.people.values()) - len(live),
                proofs=sum(
                    any(row["visibility_reason"] in DEPENDS_ON_ABSENCE for row in batch)
                    for batch in batches_of(output)
                ),
                looks=looks(brand.help_center, self.zendesk.switches),
            )
        )
        allowed["brands"] = bool(self.named) and host == self.subdomain
        assert asked(requests) <= allowed, (host, allowed)

    def _blamed(self, output: Output) -> set[str]:
        """Return the names of the Help Centers that the error tells of."""
        if output.succeeded:
            return set()
        if not self.named:
            return {self.subdomain}
        return set(re.findall(r"Help Center (\S+): ", output.error[1]))

    def _hosts_listed(self) -> set[str]:
        """Return the names of the Help Centers whose articles were listed in the last sync."""
        return {
            request.host.removesuffix(".zendesk.com")
            for request in self.zendesk.requests
            if request.query.get("include") == LISTING["include"]
            and request.path.endswith("help_center/articles")
        }

    def _read(self) -> Output:
        """Run a sync that may fail, and hold what is promised of any sync."""
        expected = self._expected()
        self.zendesk.forget_requests()
        output = self.platform.read(
            config(
                self.zendesk,
                subdomain=self.subdomain,
                brands=self.named,
                reconcile_every_hours=self.hours,
            )
        )
        self.zendesk.faults.clear()
        if self._rows_at_first is None:
            # Another brand may have been read at its name.
            self.identified = {
                brand: name for brand, name in self.identified.items() if name == brand.subdomain
            }
        assert [] == self.zendesk.strangers
        assert [] == batches_of(output)[0], "emitted before it was announced"
        for record in output.records:
            self._assert_allowed(record, expected)
        return output

    def _assert_allowed(self, record: Row, expected: Expected | None) -> None:
        assert expected is not None
        key, name = key_of(record), record["brand_subdomain"]
        brand = next(brand for brand in self.brands if key[0] in self.people[brand].ever)
        if record["status"] == "removed":
            is_meant = brand.subdomain in expected.names | expected.perhaps
            if is_meant and self._at(brand.subdomain) is brand and key in self._truth(brand):
                # Without the list nobody knows that it is the same brand.
                assert name != brand.subdomain, record
                assert brand not in self.identified or self._rows_at_first is None, record
        else:
            assert brand is self._at(name)
        if record["visibility"] == "public":
            # What is not listed goes by what a visitor found when it was.
            is_open = None if name in self._hosts_listed() else True
            assert "public" == mirror(brand.help_center, is_open=is_open)[key]["visibility"]


TestBrands = Brands.TestCase
TestBrands.settings = searched(10, steps=8)
