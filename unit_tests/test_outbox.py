"""What goes out, in which order, and what is known afterwards."""

from typing import Literal

import pytest

from source_zendesk_articles.articles.changes import Change, retract
from source_zendesk_articles.articles.records import Record
from source_zendesk_articles.memory.cursor import Cursor
from source_zendesk_articles.memory.known import KnownArticles
from source_zendesk_articles.memory.packing import IN_DOUBT, Known
from source_zendesk_articles.memory.state import HelpCenterState, State, from_json, to_json
from source_zendesk_articles.sync import outbox as module
from source_zendesk_articles.sync.outbox import Outbox
from source_zendesk_articles.zendesk.timestamps import later

NOW = "2026-11-01T12:00:00Z"
LONG_AGO = "2026-01-01T00:00:00Z"
SOON = "2026-11-01T12:00:30Z"
SYNCED_AT = "2026-10-31T12:00:00Z"
DE = frozenset({"de"})


class Given:
    """An outbox, and the memory of acme that it keeps."""

    def __init__(
        self,
        *,
        now: str = NOW,
        synced_at: str = "",
        retract_as: Literal["delete", "mark"] = "delete",
    ) -> None:
        self.known = KnownArticles()
        self.help_centers = {"acme": HelpCenterState(self.known)}
        self.outbox = Outbox(Cursor(synced_at), self.help_centers, retract_as)
        self.outbox.begin(now)

    def sent(self) -> list[tuple[object, ...]]:
        """Return what goes out: of a state what acme knows, of a record its key and fate."""
        return [
            ("state", contents(self.known))
            if isinstance(sent, State)
            else (sent["id"], sent["locale"], sent["status"])
            for sent in self.outbox.send()
        ]


def contents(known: KnownArticles) -> dict[int, Known | None]:
    return {article_id: known[article_id] for article_id in known}


def row(locale: str, body: str | None = "<p>", stamped: str = LONG_AGO) -> Record:
    return {
        "id": 7,
        "locale": locale,
        "title": "T",
        "body": body,
        "visibility": "public",
        "visibility_reason": "published",
        "status": "published",
        "updated_at": stamped,
    }


def change(*records: Record, article_id: int = 7, digest: bytes = b"newer") -> Change:
    rows = tuple(Record({**record, "id": article_id}) for record in records)
    letters = sum(len(f"{record['title']}{record['body'] or ''}") for record in records)
    return Change("acme", article_id, rows, digest, letters=letters)


def test_an_article_is_in_doubt_in_its_old_and_new_locales_before_it_goes_out() -> None:
    given = Given()
    given.known.remember(7, Known(b"older", frozenset({"en-us", "de"})))
    given.known.remember(8, Known(b"older", frozenset({"de"})))
    given.outbox.put(change(row("en-us"), row("fr"))._replace(retracted={"de": "outdated"}))
    untouched = Known(b"older", frozenset({"de"}))
    assert [
        ("state", {7: Known(IN_DOUBT, frozenset({"en-us", "de", "fr"})), 8: untouched}),
        (7, "en-us", "published"),
        (7, "fr", "published"),
        (7, "de", "removed"),
    ] == given.sent()
    assert {7: Known(b"newer", frozenset({"en-us", "fr"})), 8: untouched} == contents(given.known)


def test_one_state_announces_a_whole_batch() -> None:
    given = Given()
    for article_id in (7, 8):
        given.outbox.put(change(row("de"), article_id=article_id))
    doubt = Known(IN_DOUBT, frozenset({"de"}))
    assert [
        ("state", {7: doubt, 8: doubt}),
        (7, "de", "published"),
        (8, "de", "published"),
    ] == given.sent()


def test_nothing_goes_out_where_nothing_waits() -> None:
    given = Given()
    assert [] == given.sent()
    given.outbox.put(change(row("de")))
    given.sent()
    assert [] == given.sent()


def test_an_article_is_settled_once_its_last_record_is_out() -> None:
    given = Given()
    given.outbox.put(change(row("de")))
    given.outbox.put(change(row("de"), article_id=8))
    in_doubt = [
        [given.known.is_in_doubt(article_id) for article_id in (7, 8)] for _ in given.outbox.send()
    ]
    # Behind the state, behind the first record, behind the last one.
    assert [[True, True], [True, True], [False, True]] == in_doubt
    assert given.known.is_certain


def test_a_state_is_owed_for_what_went_out_until_it_is_told() -> None:
    given = Given()
    owes = [given.outbox.owes_state]
    given.outbox.put(change(row("de")))
    owes.append(given.outbox.owes_state)
    for _ in given.outbox.send():
        owes.append(given.outbox.owes_state)  # noqa: PERF401 -- while it is sent
    owes.append(given.outbox.owes_state)
    (told,) = given.outbox.save()
    owes.append(given.outbox.owes_state)
    # For the announcement none is owed: it is one.
    assert [False, False, False, True, True, False] == owes
    assert given.outbox.state == told


def test_the_last_sighting_of_an_article_wins() -> None:
    given = Given()
    given.outbox.put(change(row("de"), row("fr"), digest=b"first"))
    given.outbox.put(change(row("de"), digest=b"newer"))
    assert [(7, "de", "published")] == given.sent()[1:]
    assert {7: Known(b"newer", DE)} == contents(given.known)


def test_an_article_that_is_as_known_again_does_not_go_out() -> None:
    given = Given()
    given.outbox.put(change(row("de")))
    given.outbox.put(change(row("de"), article_id=8))
    given.outbox.drop("acme", 7)
    given.outbox.drop("acme", 9)
    given.outbox.drop("shop", 8)
    assert [(8, "de", "published")] == given.sent()[1:]


def test_what_is_retracted_in_every_locale_is_forgotten() -> None:
    given = Given()
    given.known.remember(7, Known(b"older", DE))
    given.outbox.put(retract("acme", 7, DE, "archived_or_deleted"))
    assert [("state", {7: Known(IN_DOUBT, DE)}), (7, "de", "removed")] == given.sent()
    assert {} == contents(given.known)


def test_what_a_listing_missed_stays_missed_after_it_went_out() -> None:
    given = Given()
    given.outbox.put(change(row("de"))._replace(missed=True))
    given.sent()
    assert Known(b"newer", DE, missed=True) == given.known[7]


def test_what_is_kept_stays_known() -> None:
    given = Given()
    given.known.remember(7, Known(b"older", frozenset({"de", "fr"})))
    given.outbox.put(change(row("de"))._replace(kept=frozenset({"fr"})))
    given.sent()
    assert Known(b"newer", frozenset({"de", "fr"})) == given.known[7]


def test_of_an_article_that_stays_in_doubt_what_was_retracted_is_not_known_any_more() -> None:
    given = Given()
    given.known.doubt(7, frozenset({"de", "fr"}))
    given.outbox.put(retract("acme", 7, DE, "translation_deleted")._replace(kept=frozenset({"fr"})))
    given.sent()
    assert Known(IN_DOUBT, frozenset({"fr"})) == given.known[7]


def test_a_change_that_waits_can_be_looked_up() -> None:
    given = Given()
    waiting = change(row("de"))
    given.outbox.put(waiting)
    assert waiting == given.outbox.waiting("acme", 7)
    assert given.outbox.waiting("acme", 8) is None
    given.sent()
    assert given.outbox.waiting("acme", 7) is None


def test_each_help_center_has_its_own_memory() -> None:
    given = Given()
    shop = KnownArticles()
    shop.remember(7, Known(b"older", DE))
    given.outbox.put(change(row("de")))
    given.help_centers["shop"] = HelpCenterState(shop)
    given.outbox.put(retract("shop", 7, DE, "out_of_scope"))
    assert ["published", "removed"] == [
        sent["status"] for sent in given.outbox.send() if not isinstance(sent, State)
    ]
    assert ([7], []) == (list(given.known), list(shop))


# ----------------------------------------------------------------------------------- how much


def test_the_outbox_is_full_with_a_thousand_articles() -> None:
    given = Given()
    for article_id in range(999):
        given.outbox.put(change(row("de"), article_id=article_id))
    given.outbox.put(change(row("fr"), article_id=0))
    full = [given.outbox.is_full]
    given.outbox.put(change(row("de"), article_id=999))
    full.append(given.outbox.is_full)
    given.sent()
    full.append(given.outbox.is_full)
    assert [False, True, False] == full


def test_the_outbox_is_full_with_so_many_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH_LETTERS", 100)
    given = Given()
    given.outbox.put(change(row("de", body="x" * 49)))
    full = [given.outbox.is_full]
    given.outbox.put(change(row("de", body="x" * 48), article_id=8))
    full.append(given.outbox.is_full)
    given.outbox.put(change(row("de", body="x" * 49), article_id=8))
    full.append(given.outbox.is_full)
    given.outbox.drop("acme", 7)
    full.append(given.outbox.is_full)
    given.outbox.put(change(row("de", body="x" * 99)))
    full.append(given.outbox.is_full)
    given.sent()
    full.append(given.outbox.is_full)
    assert [False, False, True, False, True, False] == full


def test_a_long_sync_has_bigger_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH_LETTERS", 10)
    given = Given()
    sizes = []
    for _ in range(81):
        letters = 0
        while not given.outbox.is_full:
            letters += 10
            given.outbox.put(change(row("de", body="x" * (letters - 1))))
        sizes.append(letters)
        given.sent()
    assert [10] * 40 + [20] * 40 + [30] == sizes


# -------------------------------------------------------------------------------------- stamps


@pytest.mark.parametrize(("stamped", "expected"), [(LONG_AGO, NOW), (SYNCED_AT, NOW), (SOON, SOON)])
def test_a_record_carries_what_the_cursor_gives_it(stamped: str, expected: str) -> None:
    given = Given(now=NOW, synced_at=SYNCED_AT)
    given.outbox.put(change(row("de", stamped=stamped)))
    (_, sent) = given.outbox.send()
    assert not isinstance(sent, State)
    assert expected == sent["updated_at"]


def test_a_retraction_carries_the_time_of_the_sync() -> None:
    given = Given(now=NOW, synced_at=SYNCED_AT)
    given.outbox.put(retract("acme", 7, DE, "outdated"))
    (_, sent) = given.outbox.send()
    assert not isinstance(sent, State)
    assert (NOW, NOW) == (sent["updated_at"], sent["_ab_cdc_deleted_at"])


def test_an_article_is_later_each_time_within_a_sync() -> None:
    given = Given()
    times = []
    for batch in (
        change(row("de", stamped=SOON)),
        change(row("de", stamped=LONG_AGO)),
        retract("acme", 7, DE, "outdated"),
        change(row("de", stamped=NOW)),
    ):
        given.outbox.put(batch)
        (_, sent) = given.outbox.send()
        assert not isinstance(sent, State)
        times.append(sent["updated_at"])
    assert [later(SOON, seconds) for seconds in range(4)] == times


def test_another_article_keeps_its_own_stamp() -> None:
    given = Given()
    given.outbox.put(change(row("de", stamped=SOON)))
    given.sent()
    given.outbox.put(change(row("de", stamped=LONG_AGO), article_id=8))
    (_, sent) = given.outbox.send()
    assert not isinstance(sent, State)
    assert LONG_AGO == sent["updated_at"]


def test_the_announcing_state_is_as_late_as_any_record_behind_it() -> None:
    given = Given(now=NOW, synced_at=SYNCED_AT)
    given.outbox.put(change(row("de", stamped=LONG_AGO), row("fr", stamped=SOON)))
    given.outbox.put(retract("acme", 8, DE, "outdated"))
    announced, *records = given.outbox.send()
    assert isinstance(announced, State)
    assert SOON == announced.synced_at
    assert [NOW, SOON, NOW] == [
        sent["updated_at"] for sent in records if not isinstance(sent, State)
    ]


def test_the_state_tells_of_each_help_center() -> None:
    given = Given(now=NOW, synced_at=SYNCED_AT)
    given.outbox.put(change(row("de")))
    given.sent()
    entry = {"known_before": 0, "reader": "", "known": given.known.pack()}
    assert {"synced_at": NOW, "help_centers": {"acme": entry}} == to_json(given.outbox.state)


@pytest.mark.parametrize(
    ("retract_as", "deleted_at", "title"), [("delete", NOW, None), ("mark", None, "")]
)
def test_a_variant_is_taken_out_as_the_user_wants_it(
    retract_as: Literal["delete", "mark"], deleted_at: str | None, title: str | None
) -> None:
    given = Given(retract_as=retract_as)
    given.outbox.put(retract("acme", 7, DE, "outdated"))
    (_, sent) = given.outbox.send()
    assert not isinstance(sent, State)
    assert (7, "de", "acme", "outdated") == tuple(
        sent[name] for name in ("id", "locale", "brand_subdomain", "visibility_reason")
    )
    assert (deleted_at, title) == (sent.get("_ab_cdc_deleted_at"), sent.get("title"))


def test_what_went_out_is_counted_by_its_reason() -> None:
    given = Given()
    draft: Record = {"visibility": "internal", "visibility_reason": "draft", "status": "draft"}
    given.outbox.put(
        change(row("en-us"), row("de"), {**row("fr"), **draft})._replace(
            retracted={"ja": "outdated", "ko": "outdated", "nl": "out_of_scope"}
        )
    )
    assert {} == given.outbox.statistics
    given.sent()
    assert (2, {"draft": 1}, {"outdated": 2, "out_of_scope": 1}) == (
        given.outbox.statistics["acme"].public,
        given.outbox.statistics["acme"].internal,
        given.outbox.statistics["acme"].retracted,
    )


def test_what_waits_depends_on_absence_if_any_change_does() -> None:
    given = Given()
    given.outbox.put(change(row("de"))._replace(retracted={"fr": "outdated"}))
    rests = [given.outbox.depends_on_absence]
    given.outbox.put(change(article_id=8)._replace(retracted={"fr": "translation_deleted"}))
    rests.append(given.outbox.depends_on_absence)
    given.sent()
    rests.append(given.outbox.depends_on_absence)
    assert [False, True, False] == rests


# --------------------------------------------------------------------- while more may follow


def told(given: Given) -> list[dict[int, Known | None]]:
    """Send what waits; return what the next sync reads from each state."""
    states = [to_json(sent) for sent in given.outbox.send() if isinstance(sent, State)]
    return [contents(from_json(saved, "acme").help_centers["acme"].known) for saved in states]


def expecting(*, settles: bool = True) -> Given:
    given = Given()
    for article_id in (7, 8, 9):
        given.known.remember(article_id, Known(b"older", DE))
    given.outbox.expect(["acme"])
    given.outbox.settles = settles
    return given


IN_DE, OLDER, NEWER = Known(IN_DOUBT, DE), Known(b"older", DE), Known(b"newer", DE)


def test_what_no_state_has_settled_is_in_doubt_while_more_may_follow() -> None:
    given = expecting()
    given.outbox.put(change(row("de")))
    first = told(given)
    given.outbox.put(change(row("de"), article_id=8))
    second = told(given)
    given.outbox.expect_no_more(["acme"])
    given.outbox.put(change(row("de"), article_id=9))
    last = told(given)
    assert [{7: IN_DE, 8: IN_DE, 9: IN_DE}] == first
    assert [{7: NEWER, 8: IN_DE, 9: IN_DE}] == second
    assert [{7: NEWER, 8: NEWER, 9: IN_DE}] == last


def test_a_feed_settles_nothing_before_its_end() -> None:
    given = expecting(settles=False)
    for _ in range(2):
        given.outbox.put(change(row("de")))
        assert [{7: IN_DE, 8: IN_DE, 9: IN_DE}] == told(given)
    given.outbox.expect_no_more(["acme"])
    given.outbox.put(change(row("de"), article_id=8))
    assert [{7: NEWER, 8: IN_DE, 9: OLDER}] == told(given)


def test_what_a_state_has_settled_is_not_emitted_again_but_in_doubt() -> None:
    given = expecting()
    given.outbox.put(change(row("de")))
    given.sent()
    given.outbox.put(change(row("fr"), digest=b"other"))
    assert [] == given.sent()
    assert Known(IN_DOUBT, DE | {"fr"}) == given.known[7]
    given.outbox.retract("acme", 7, "archived_or_deleted")
    assert [] == given.sent()


def test_translations_that_vanished_are_retracted_after_the_rest_was_emitted() -> None:
    given = expecting()
    given.known.remember(7, Known(b"older", DE | {"fr"}))
    fr = frozenset({"fr"})
    whole = change(row("de"))._replace(kept=fr, vanished=fr)
    given.outbox.put(whole)
    given.sent()
    given.outbox.put(whole.of_vanished)
    (announced,) = told(given)
    assert Known(IN_DOUBT, DE | fr) == announced[7]
    assert NEWER == given.known[7]


def test_states_say_in_which_locales_more_may_follow_and_how_late() -> None:
    given = expecting()
    given.outbox.expect_in(["ja"])
    given.outbox.put(change(row("fr")))
    (state, *_) = given.outbox.send()
    assert isinstance(state, State)
    saved = to_json(state)
    read = from_json(saved, "acme")
    assert {"de", "fr", "ja"} == read.help_centers["acme"].known.elsewhere
    assert "2026-11-01T12:01:40Z" == read.synced_at


def test_what_may_be_elsewhere_is_retracted_with_the_rest() -> None:
    given = Given()
    given.known.doubt(7, DE)
    given.known.elsewhere = frozenset({"fr"})
    given.outbox.retract("acme", 7, "archived_or_deleted")
    assert [(7, "de", "removed"), (7, "fr", "removed")] == given.sent()[1:]


def test_a_state_is_owed_where_the_last_one_expected_more_than_came() -> None:
    given = expecting()
    list(given.outbox.save())
    owes = [given.outbox.owes_state]
    given.outbox.expect_no_more(["acme"])
    owes.append(given.outbox.owes_state)
    list(given.outbox.save())
    owes.append(given.outbox.owes_state)
    assert [False, True, False] == owes


def test_no_two_states_of_a_sync_are_equal() -> None:
    given = expecting(settles=False)
    saved = []
    for _ in range(3):
        given.outbox.put(change(row("de")))
        saved += [to_json(sent) for sent in given.outbox.send() if isinstance(sent, State)]
    assert 3 == len({str(state) for state in saved})
