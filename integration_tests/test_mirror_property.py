"""Whatever happens in Zendesk, in the configuration and to a sync: the destination mirrors it."""

from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from integration_tests.conditions import BATCH_ARTICLES, SMALL, pages_of, without_waiting
from integration_tests.connector import LISTING, Output, config
from integration_tests.cost import Met, asked, looks, most
from integration_tests.credentials import RENEWED, Make, of_api_token
from integration_tests.histories import history, searched
from integration_tests.people import EDITS, LOCALES, MOST_SECTIONS, Edit, Zendesk
from integration_tests.platform import Platform, batches_of
from integration_tests.truth import Key, Row, key_of, noticed, truth, visitors_see_something
from integration_tests.zendesk_emulator import (
    Article,
    Credential,
    Fault,
    Switches,
    ZendeskEmulator,
)

INCREMENTAL = "incremental/articles"
ANSWERS = r"me$|locales$|articles$|articles/\d+$|translations$|sections$|categories$"

SWITCHES = st.builds(
    Switches,
    sideload_on_lists=st.sampled_from([True, True, False]),
    sideload_on_show=st.booleans(),
    sideload_on_incremental=st.sampled_from([True, True, False]),
    hierarchy_sideloaded=st.sampled_from([True, True, False]),
    hierarchy_translations=st.sampled_from([True, True, False]),
    cursor_order=st.sampled_from(["position", "id", "created_at", "updated_at", "edited_at"]),
    cursor_descending=st.booleans(),
    sort_by_on_cursor_pages=st.booleans(),
    oversized_page=st.sampled_from(["clamped", "refused"]),
    user_segment_ids_in_answers=st.booleans(),
    incremental_page_size=st.sampled_from([2, 3, 1000]),
    incremental_honours_per_page=st.booleans(),
    young_start_time_refused=st.booleans(),
    incremental_requests_per_minute=st.sampled_from([None, 10]),
    incremental_next_page_malformed=st.booleans(),
    incremental_delay=st.sampled_from([0, 0, 60]),
    translation_content_moves_article=st.booleans(),
    translation_deletion_moves_article=st.booleans(),
    translation_draft_moves_article=st.booleans(),
    translation_outdated_moves_article=st.booleans(),
    translation_hidden_moves_article=st.booleans(),
    labels_move_article=st.booleans(),
    restoring_moves_article=st.booleans(),
    disabled_locale_translations=st.booleans(),
    archived_articles_shown=st.sampled_from([False, False, True]),
    closed_answer=st.sampled_from([401, 403, 404, "redirect", "empty"]),
    retry_after=st.booleans(),
    rate_limit_text=st.sampled_from(["plain", "json"]),
)


PASSING: st.SearchStrategy[Fault] = st.sampled_from(
    [
        Fault("rate_limited", retry_after=5),
        Fault("rate_limited"),
        Fault("status", status=503),
        Fault("html"),
        Fault("dropped"),
        Fault("truncated"),
        Fault("cut_json"),
        Fault("status", status=200, body={"articles": []}),
    ]
)
LASTING: st.SearchStrategy[Fault] = st.sampled_from(
    [
        Fault("status", status=500),
        Fault("status", status=401),
        Fault("status", status=403),
        Fault("status", status=418),
        Fault("html"),
        Fault("dropped"),
        Fault("cut_json"),
        Fault("redirect"),
    ]
)
DEPENDS_ON_ABSENCE = {"archived_or_deleted", "translation_deleted"}
FILTERS = ["locales", "categories", "sections", "labels", "exclude_labels", "visibility"]
SECONDS = st.sampled_from([300, 0, 1, 61, 3600, 6 * 3600, -1, -7200])


class Mirror(RuleBasedStateMachine):
    """Edits, syncs, crashes and faults in any order.

    `clean`: the last sync succeeded and was kept whole, and nothing else has happened since.
    """

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        self.filters: dict[str, list[Any]] = {}
        self.clean = False
        self.listed = False
        self.in_doubt = False
        self.clock_is_steady = True
        self.another_reader = False
        self.open_at_listing: bool | None = None
        self.markdown_at_listing: object = None

    @initialize(
        switches=SWITCHES,
        small=st.sampled_from([0, 0, 0, 500]),
        batch=st.sampled_from([1, 2, 1000]),
        page_size=st.sampled_from([1, 3, 100]),
        reach=st.sampled_from([1, 2, 100]),
        hours=st.sampled_from([6, 168, 168, 0]),
        retract_as=st.sampled_from(["delete", "mark"]),
        body_markdown=st.booleans(),
        rate_limit=st.sampled_from([None, None, 20]),
        make=st.sampled_from([of_api_token, *RENEWED]),
        edits=st.lists(EDITS, max_size=6),
    )
    def begin(  # noqa: PLR0913, PLR0917 -- all that is drawn
        self,
        switches: Switches,
        small: int,
        batch: int,
        page_size: int,
        reach: int,
        hours: int,
        retract_as: str,
        body_markdown: bool,
        rate_limit: int | None,
        make: Make,
        edits: list[Edit],
    ) -> None:
        self.zendesk = self._stack.enter_context(
            ZendeskEmulator(switches=replace(switches), rate_limit=rate_limit)
        )
        self._stack.enter_context(patch(SMALL, small))
        self._stack.enter_context(patch(BATCH_ARTICLES, batch))
        self._stack.enter_context(pages_of(page_size, reach=reach))
        self._stack.enter_context(without_waiting(self.zendesk))
        self.small, self.page_size, self.reach = small, page_size, reach
        self.platform = Platform(self.zendesk)
        account = self.zendesk.account
        self.brand, self.other = account.brands[0], account.add_brand("shop")
        self.people, self.other_people = (
            Zendesk(self.zendesk, brand.help_center) for brand in (self.brand, self.other)
        )
        self.options = {
            "reconcile_every_hours": hours,
            "retract_as": retract_as,
            "body_markdown": body_markdown,
        }
        self.make = make
        self.credentials = make(self.zendesk, account.admin)
        for edit in edits:
            self.people.do(edit)
        self.zendesk.clock.advance(3600)

    def teardown(self) -> None:
        self._stack.close()

    # -------------------------------------------------------------------- what happens

    @rule(edits=st.lists(EDITS, min_size=2, max_size=5), seconds=SECONDS)
    def people_work(self, edits: list[Edit], seconds: int) -> None:
        for edit in edits:
            self.people.do(edit)
        self.zendesk.clock.advance(seconds)
        self.clock_is_steady = self.clock_is_steady and seconds >= 0
        self.clean = False

    @rule(
        field=st.sampled_from(FILTERS),
        places=st.lists(st.integers(0, MOST_SECTIONS - 1), max_size=2),
        alone=st.booleans(),
    )
    def the_scope_changes(self, field: str, places: list[int], alone: bool) -> None:
        help_center = self.people.help_center
        choices: dict[str, list[Any]] = {
            "locales": LOCALES,
            "categories": list(help_center.categories),
            "sections": list(help_center.sections),
            "labels": ["a", "b"],
            "exclude_labels": ["a", "b"],
            "visibility": ["public", "internal"],
        }
        if alone:
            self.filters.clear()
        values = choices[field]
        self.filters[field] = list(dict.fromkeys(values[place % len(values)] for place in places))
        self.clean = False

    @rule()
    def markdown_is_switched(self) -> None:
        self.options["body_markdown"] = not self.options["body_markdown"]
        self.clean = False

    @rule()
    def the_credentials_are_anothers(self) -> None:
        account = self.zendesk.account
        user = account.add_user("Eve", "eve@acme.example", "admin")
        self.credentials = self.make(self.zendesk, user)
        self.another_reader = True

    @rule()
    def another_help_center_is_configured(self) -> None:
        self.brand, self.other = self.other, self.brand
        self.people, self.other_people = self.other_people, self.people
        self.filters.clear()
        self._forget()

    @rule()
    def the_brand_is_renamed(self) -> None:
        self.brand.subdomain += "-2"
        self._forget()

    def _forget(self) -> None:
        self.open_at_listing = None
        self.in_doubt = True
        self.clean = False

    # --------------------------------------------------------------------------- syncs

    @rule(edits=st.lists(EDITS, min_size=3, max_size=5), seconds=SECONDS)
    def people_work_between_two_syncs(self, edits: list[Edit], seconds: int) -> None:
        self.a_sync_succeeds([])
        self.people_work(edits, seconds)
        self.a_sync_succeeds([])

    @rule(
        faults=st.lists(st.tuples(st.integers(0, 8), PASSING), max_size=3),
        revoked=st.none() | st.integers(0, 8),
    )
    def a_sync_succeeds(self, faults: list[tuple[int, Fault]], revoked: int | None = None) -> None:
        signed: Credential = "api_token" if self.make is of_api_token else "oauth"
        for skip, fault in faults:
            # Those of the visitor's look are a story of their own: it may end as closed.
            path = rf"help_center/({ANSWERS})|users/{ANSWERS}"
            self.zendesk.faults.add(replace(fault, path=path, skip=skip, credential=signed))
        if revoked is not None:
            revoke = self.zendesk.account.revoke_access_tokens
            self.zendesk.faults.add(Fault("edit", path=ANSWERS, skip=revoked, edit=revoke))
        self._sync()
        if self.listed and self.zendesk.switches.archived_articles_shown:
            # An archived article that answers is believed to be gone by the second listing.
            self._sync(pending=False)

    @precondition(lambda self: self.clean)
    @rule()
    def another_sync_emits_nothing(self) -> None:
        listed_before = self.listed
        output = self._sync()
        # A listing may find what a feed could not.
        assert output.records == [] or (self.listed and not listed_before)

    @rule(
        states=st.integers(0, 20),
        # Any part of all that followed the saved state, or all of it.
        more=st.sets(st.integers(0, 40)) | st.just(set(range(200))),
        edit=st.none() | st.tuples(st.integers(0, 8), EDITS),
        times=st.integers(1, 3),
    )
    def a_sync_dies(
        self, states: int, more: set[int], edit: tuple[int, Edit] | None, times: int
    ) -> None:
        for _ in range(times):
            output = self._read(edit)
            kept = states % (len(output.states) + 1)
            self.platform.keep_until(output, kept, more=more)
        self.clean = False
        self.in_doubt = True

    @rule(edit=st.tuples(st.integers(0, 8), EDITS))
    def people_work_during_a_sync(self, edit: tuple[int, Edit]) -> None:
        before = set(self.people.stamped)
        output = self._read(edit)
        self.platform.keep(output)
        if output.succeeded:
            self.people.stamped -= before
            self.open_at_listing = None
        self.clean = False
        self.in_doubt = True

    @rule(skip=st.integers(0, 8), fault=LASTING)
    def a_sync_fails(self, skip: int, fault: Fault) -> None:
        self.zendesk.faults.add(replace(fault, path=ANSWERS, skip=skip, times=None))
        output = self._read()
        self.platform.keep(output)
        self.clean = False
        self.in_doubt = True

    @rule(skip=st.integers(0, 8), how=st.sampled_from(["anonymous", "end-user", "agent"]))
    def the_reader_loses_access_during_a_sync(self, skip: int, how: str) -> None:
        account = self.zendesk.account
        readers = list(account.users.values())

        def lose() -> None:
            if how == "anonymous":
                account.token_access = False
                account.revoke_access_tokens()
            for reader in readers:
                reader.role = how if how != "anonymous" else "admin"  # type: ignore[assignment]
                reader.hidden_sections = {self.people.sections[0].id} if how == "agent" else set()

        self.zendesk.faults.add(Fault("edit", path=ANSWERS, skip=skip, edit=lose))
        # An agent who sees less from the start is told by numbers only.
        output = self._read(believed=5 if how == "agent" else 0)
        account.token_access = True
        for reader in readers:
            reader.role = "admin"
            reader.hidden_sections = set()
        self.platform.keep(output)
        self._forget()

    # ------------------------------------------------------------------------- promises

    def _sync(self, *, pending: bool = True) -> Output:
        """Run a sync that has to succeed, and hold all that is promised of it.

        `pending`: an archived article that still answers may stay, this once.
        """
        before = self.platform.destination.table
        settled = self.clean or not self.in_doubt
        output = self._read()
        self.platform.keep(output)
        if "are no longer listed" in output.text:
            self._confirm_that_articles_vanished(output, before)
            return output
        assert output.succeeded, output.text
        self.listed = self._listed()
        allowed = most(self._met(output))
        assert asked(self.zendesk.requests) <= allowed, allowed
        table = self.platform.destination.table
        if self.listed:
            self.open_at_listing = visitors_see_something(self.people.help_center)
            shown = self.zendesk.switches.archived_articles_shown
            self._assert_mirror(table, before if shown and pending else {})
            self.another_reader = False
            self.clock_is_steady = True
        elif self.open_at_listing is not None and self.clock_is_steady:
            self._assert_mirror_of_what_was_stamped(table, before)
        if settled and self.listed and self.markdown_at_listing == self.options["body_markdown"]:
            emitted = {record["id"] for record in output.records}
            for article_id in emitted:
                assert _of(before, article_id) != _of(table, article_id), "nothing has changed"
        if self.listed:
            # To switch it emits every article, also one without a body to convert.
            self.markdown_at_listing = self.options["body_markdown"]
        self.people.stamped = {
            article.id
            for article in self._articles(self.people.stamped)
            if not self._shows(article)
        }
        self.clean = True
        self.in_doubt = False
        return output

    def _listed(self) -> bool:
        return any(
            request.query.get("include") == LISTING["include"]
            and request.path.endswith("help_center/articles")
            for request in self.zendesk.requests
        )

    def _read(self, edit: tuple[int, Edit] | None = None, *, believed: int = 0) -> Output:
        """Run a sync that may fail, and hold what is promised of any sync.

        `believed`: so many articles may be retracted though they are there.
        """
        self.zendesk.forget_requests()
        if edit:
            skip, what = edit
            self.zendesk.faults.add(
                Fault("edit", path=ANSWERS, skip=skip, edit=lambda: self.people.do(what))
            )
        configuration: dict[str, Any] = config(
            self.zendesk,
            subdomain=self.brand.subdomain,
            credentials=self.credentials,
            **self.options,
            **self.filters,
        )
        output = self.platform.read(configuration)
        self.zendesk.faults.clear()
        assert self.zendesk.strangers == []
        # A rotated token is the platform's from then on, however the sync ends.
        self.credentials = output.kept(configuration)["credentials"]
        assert batches_of(output)[0] == [], "emitted before it was announced"
        if edit is None:
            self._assert_fails_closed(output, believed)
        return output

    def _assert_fails_closed(self, output: Output, believed: int) -> None:
        fed = any(request.path.endswith(INCREMENTAL) for request in self.zendesk.requests)
        # A feed goes by what the visitor of the last listing found.
        could_read = fed and self.open_at_listing is not False
        can_read = visitors_see_something(self.people.help_center)
        now = self._truth(is_open=could_read or can_read)
        # A listing that follows it in the same sync asks again.
        listed = self._listed()
        there = self._truth(is_open=can_read) if listed else now
        # One that answers when asked for is taken for a live one until the second listing.
        archived = {article.id for article in self.people.help_center.archived_articles}
        shown = archived if self.zendesk.switches.archived_articles_shown else set()
        taken_back: set[int] = set()
        for record in output.records:
            key = key_of(record)
            if key[0] in shown:
                continue
            if record["status"] == "removed":
                assert record["visibility"] == "internal"
                # What left the configuration may come back under its new name.
                if record["brand_subdomain"] == self.brand.subdomain and key in there:
                    taken_back.add(key[0])
            elif record["visibility"] == "public":
                assert now[key]["visibility"] == "public"
        assert len(taken_back) <= believed, "retracted, and still there"

    def _met(self, output: Output) -> Met:
        """Return what counts for the cost of a sync."""
        help_center, switches = self.people.help_center, self.zendesk.switches
        requests, live = self.zendesk.requests, help_center.articles
        of_feed = [row for row in requests if row.path.endswith(INCREMENTAL)]
        starts = [int(row.query["start_time"]) for row in of_feed]
        placed = Counter(article.section_id for article in live)
        sections = help_center.sections.values()
        archived = help_center.archived_articles
        return Met(
            listed=self.listed,
            fed=bool(of_feed),
            disturbed=any(row.disturbed for row in requests),
            clock_went_back=any(
                row.created_at > min(asked.at for asked in requests) for row in live
            ),
            page_size=self.page_size,
            reach=self.reach,
            articles=[
                [placed[row.id] for row in sections if row.category_id == category]
                for category in help_center.categories
            ],
            small=self.small,
            listed_without=self._without(live, sideload=switches.sideload_on_lists),
            fed_without=self._without(live, sideload=switches.sideload_on_incremental),
            stamps=[
                row.updated_at
                for row in live
                if starts and row.updated_at.timestamp() >= min(starts)
            ],
            feed_page=switches.incremental_page_size,
            gone=len(self.people.ever - {article.id for article in live}),
            shown_without=self._without(archived, sideload=switches.sideload_on_show)
            if switches.archived_articles_shown
            else (),
            proofs=sum(
                any(row["visibility_reason"] in DEPENDS_ON_ABSENCE for row in batch)
                for batch in batches_of(output)
            ),
            refused=sum(row.status == 401 and row.credential != "none" for row in requests),
            renews=self.make is not of_api_token,
            looks=looks(help_center, switches),
            lists=not (
                switches.hierarchy_sideloaded
                and switches.hierarchy_translations
                and switches.sideload_on_lists
                and switches.sideload_on_incremental
                and switches.sideload_on_show
            ),
            filters=frozenset(
                name for name in ("categories", "sections") if self.filters.get(name)
            ),
        )

    def _without(self, articles: list[Article], *, sideload: bool) -> list[int]:
        """Return of how many translations a list tells, for each article that comes without."""
        enabled = self.people.help_center.locales
        comes = self.zendesk.switches.disabled_locale_translations
        return [
            len([locale for locale in article.translations if comes or locale in enabled])
            for article in articles
            if not (sideload and (comes or article.source_locale in enabled))
        ]

    def _confirm_that_articles_vanished(self, output: Output, before: dict[Key, Row]) -> None:
        """Clear the data, as the error says, if it was right to be suspicious."""
        articles = self.people.help_center.articles
        live = {(article.id, locale) for article in articles for locale in article.translations}
        vanished: set[object] = set(before.keys() - live)
        few, reason = 5, "translation_deleted"
        if "articles known of" in output.text:
            vanished = set({key[0] for key in before} - {key[0] for key in live})
            reason = "archived_or_deleted"
            assert self.another_reader
        elif not self.another_reader:
            few = 10
        assert len(vanished) > few or self.in_doubt
        assert output.error[0] == "config_error"
        reasons = {record["visibility_reason"] for record in output.records}
        explained = reason == "translation_deleted"
        assert explained or reason not in reasons
        self.platform.state = None
        self.platform.destination.newest.clear()
        self.another_reader = False
        self._forget()

    def _assert_mirror(self, table: dict[Key, Row], pending: dict[Key, Row]) -> None:
        expected = self._truth()
        archived = {article.id for article in self.people.help_center.archived_articles}
        unsaid = self._unsaid()
        known = {article_id for article_id, _ in pending}
        for key in expected.keys() | table.keys():
            # One that answers may even come in a locale that was not in scope before.
            if key[0] in archived and key[0] in known:
                continue
            if key in self.platform.lost and key not in expected:
                continue
            if key[0] not in unsaid:
                assert expected.get(key) == table.get(key), key
        self.platform.lost -= expected.keys()

    def _assert_mirror_of_what_was_stamped(
        self, table: dict[Key, Row], before: dict[Key, Row]
    ) -> None:
        expected = self._truth(is_open=self.open_at_listing)
        lost = self.platform.lost - expected.keys()
        table, before = (
            {key: row for key, row in rows.items() if key not in lost} for rows in (table, before)
        )
        unsaid = self._unsaid()
        seen = {
            article.id for article in self._articles(self.people.stamped) if self._shows(article)
        }
        for article_id in {key[0] for key in expected.keys() | table.keys() | before.keys()}:
            if article_id in unsaid:
                continue
            allowed = [_of(expected, article_id)]
            if article_id in self.people.ever - seen:
                allowed.append(_of(before, article_id))
            assert _of(table, article_id) in allowed, article_id

    def _truth(self, *, is_open: bool | None = None) -> dict[Key, Row]:
        help_center = self.people.help_center
        rows = truth(
            help_center,
            is_open=is_open,
            filters=self.filters,
            names_translated=self.zendesk.switches.hierarchy_translations,
            markdown=str if self.options["body_markdown"] else None,
        )
        comes = self.zendesk.switches.disabled_locale_translations
        return {
            key: noticed(row) for key, row in rows.items() if comes or key[1] in help_center.locales
        }

    def _unsaid(self) -> set[int]:
        """Articles whose list of translations comes empty: nothing may be concluded from that."""
        help_center = self.people.help_center
        if self.zendesk.switches.disabled_locale_translations:
            return set()
        return {
            article.id
            for article in help_center.articles
            if not any(locale in help_center.locales for locale in article.translations)
        }

    def _articles(self, ids: set[int]) -> list[Article]:
        return [article for article in self.people.help_center.articles if article.id in ids]

    def _shows(self, article: Article) -> bool:
        """Whether the incremental list tells of the article's last change by now."""
        age = (self.zendesk.clock.now - article.updated_at).total_seconds()
        return age >= self.zendesk.switches.incremental_delay


def _of(rows: dict[Key, Row], article_id: int) -> dict[Key, Row]:
    return {key: row for key, row in rows.items() if key[0] == article_id}


NO_MORE_THAN_NEEDED: dict[str, Any] = {
    "switches": Switches(),
    "small": 0,
    "batch": 1000,
    "page_size": 100,
    "reach": 100,
    "hours": 6,
    "retract_as": "delete",
    "body_markdown": False,
    "rate_limit": None,
    "make": of_api_token,
    "edits": [],
}


def test_markdown_is_switched_on_for_an_article_without_a_body() -> None:
    with history(Mirror()) as state:
        state.begin(
            **{**NO_MORE_THAN_NEEDED, "edits": [Edit("text", 5, 0, "", flag=False, stamped=True)]}
        )
        state.a_sync_succeeds(faults=[])
        state.markdown_is_switched()
        state.a_sync_succeeds(faults=[])


def test_the_clock_goes_back_while_articles_are_made() -> None:
    added = Edit("add", 0, 0, "a", flag=False, stamped=True)
    with history(Mirror()) as state:
        state.begin(**{**NO_MORE_THAN_NEEDED, "switches": Switches(incremental_page_size=2)})
        state.people_work(edits=[added] * 2, seconds=300)
        state.people_work_between_two_syncs(edits=[added] * 4, seconds=-1)


TestMirror = Mirror.TestCase
TestMirror.settings = searched(14, steps=12)
