"""The memory of what a destination holds: what differs from it, and how it is packed."""

import base64
import random
import struct
import tracemalloc
import zlib

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_zendesk_articles.articles.records import DIGEST_BYTES
from source_zendesk_articles.memory.known import KnownArticles
from source_zendesk_articles.memory.packing import IN_DOUBT, Known, UnreadableMemoryError
from source_zendesk_articles.memory.state import HelpCenterState, State, to_json

ENGLISH = frozenset({"en-us"})
GERMAN = frozenset({"de"})
BOTH = ENGLISH | GERMAN
OLD, NEW = b"older", b"newer"


def contents(memory: KnownArticles) -> dict[int, Known | None]:
    return {article_id: memory[article_id] for article_id in memory}


def memory_of(*article_ids: int, digest: bytes = OLD) -> KnownArticles:
    memory = KnownArticles()
    for article_id in article_ids:
        memory.remember(article_id, Known(digest, BOTH))
    return memory


def packed(names: object, gaps: list[int], sets: list[int], digests: bytes) -> str:
    ids = struct.pack(f"<{len(gaps)}Q", *gaps)
    columns = b"".join([ids[place::8] for place in range(8)] + [bytes(sets)])
    part = base64.b64encode(zlib.compress(orjson.dumps(names) + b"\n" + columns) + digests)
    return f"1.{len(digests) // DIGEST_BYTES}.{part.decode()}"


# ------------------------------------------------------------------------------- what is known


def test_a_doubt_covers_the_old_locales_and_the_new_ones() -> None:
    memory = KnownArticles()
    memory.remember(7, Known(OLD, ENGLISH))
    memory.doubt(7, GERMAN)
    memory.doubt(8, GERMAN)
    assert {7: Known(IN_DOUBT, BOTH), 8: Known(IN_DOUBT, GERMAN)} == contents(memory)


def test_a_missed_article_in_doubt_is_still_missed() -> None:
    memory = KnownArticles()
    memory.remember(7, Known(OLD, ENGLISH, missed=True))
    memory.doubt(7, frozenset())
    assert Known(IN_DOUBT, ENGLISH, missed=True) == memory[7]


def test_what_was_emitted_last_is_what_is_known() -> None:
    memory = memory_of(7)
    memory.doubt(7, BOTH)
    memory.remember(7, Known(NEW, GERMAN))
    assert {7: Known(NEW, GERMAN)} == contents(memory)
    assert (GERMAN, frozenset()) == (memory.held(7), memory.held(8))


def test_an_article_without_a_locale_is_forgotten() -> None:
    memory = memory_of(7, 8)
    memory.remember(7, Known(NEW, frozenset()))
    assert (1, [8], None) == (len(memory), list(memory), memory[7])


def test_an_article_that_is_forgotten_is_a_new_one() -> None:
    memory = memory_of(7, 8)
    memory.forget(7)
    memory.forget(9)
    assert [8] == list(memory)
    assert memory[7] is None
    memory.remember(7, Known(NEW, GERMAN))
    assert {8: Known(OLD, BOTH), 7: Known(NEW, GERMAN)} == contents(memory)


def test_the_memory_may_change_while_its_articles_are_looked_at() -> None:
    memory = memory_of(7, 8, 9)
    for article_id in memory:
        memory.forget(article_id)
    assert [] == list(memory)
    assert memory.is_certain


def test_the_memory_is_certain_if_no_article_is_in_doubt_or_missed() -> None:
    memory = memory_of(7, 8)
    settled = [memory.is_certain]
    memory.doubt(7, GERMAN)
    memory.remember(8, Known(OLD, BOTH, missed=True))
    settled.append(memory.is_certain)
    memory.remember(7, Known(NEW, BOTH))
    settled.append(memory.is_certain)
    memory.remember(8, Known(OLD, BOTH))
    settled.append(memory.is_certain)
    assert [True, False, False, True] == settled


def test_a_forgotten_article_is_not_in_doubt() -> None:
    memory = memory_of(7)
    memory.doubt(8, GERMAN)
    memory.remember(9, Known(OLD, BOTH, missed=True))
    memory.forget(8)
    memory.remember(9, Known(OLD, frozenset()))
    assert memory.is_certain


# ------------------------------------------------------------------------------------ its text


LOCALES = st.frozensets(st.sampled_from(["en-us", "de", "fr", "zh-cn", "x", "pt-br"]), min_size=1)
IDS = st.integers(min_value=1, max_value=2**63 - 1) | st.integers(min_value=1, max_value=20)
DIGESTS = st.binary(min_size=DIGEST_BYTES, max_size=DIGEST_BYTES).filter(any)


@st.composite
def memories(draw: st.DrawFn) -> KnownArticles:
    memory = KnownArticles()
    for article_id in draw(st.lists(IDS, max_size=30)):
        locales = draw(LOCALES)
        match draw(st.sampled_from(["take", "take", "miss", "doubt", "forget"])):
            case "take":
                memory.remember(article_id, Known(draw(DIGESTS), locales))
            case "miss":
                memory.remember(article_id, Known(draw(DIGESTS), locales, missed=True))
            case "doubt":
                memory.doubt(article_id, locales)
            case _:
                memory.forget(article_id)
    return memory


@given(memories())
def test_what_is_packed_is_known_again(memory: KnownArticles) -> None:
    text = memory.pack()
    again = KnownArticles.unpack(text)
    assert contents(memory) == contents(again)
    assert (len(memory), memory.is_certain) == (len(again), again.is_certain)
    assert text == again.pack()
    assert text.isascii()


def test_thousands_of_articles_are_known_again() -> None:
    memory = memory_of(*range(3000, 500, -1))
    memory.doubt(600, frozenset({"fr"}))
    memory.remember(2900, Known(NEW, GERMAN, missed=True))
    again = KnownArticles.unpack(memory.pack())
    assert contents(memory) == contents(again)
    assert list(range(501, 3001)) == list(again)
    assert not again.is_certain


def test_a_memory_in_several_parts_is_read() -> None:
    parts = [memory_of(*ids).pack().split(".")[2] for ids in ([7, 9], [8])]
    assert contents(memory_of(7, 8, 9)) == contents(KnownArticles.unpack(f"1.3.{'.'.join(parts)}"))


def test_a_memory_that_is_empty_leaves_nothing_behind() -> None:
    memory = memory_of(7, 8)
    memory.forget(7)
    memory.forget(8)
    assert "1.0" == KnownArticles().pack() == memory.pack()
    assert [] == list(KnownArticles.unpack(memory.pack()))


# ------------------------------------------------------------------- while more may be emitted


def read(memory: KnownArticles) -> KnownArticles:
    again = KnownArticles.unpack(memory.pack())
    again.elsewhere = memory.doubted_elsewhere
    return again


def test_while_more_may_be_emitted_an_article_that_is_not_settled_is_packed_as_in_doubt() -> None:
    memory = memory_of(7, 8, 9)
    memory.remember(9, Known(OLD, BOTH, missed=True))
    memory.more_in = {"fr"}
    memory.settle(8)
    again = read(memory)
    in_doubt = Known(IN_DOUBT, BOTH)
    assert {7: in_doubt, 8: Known(OLD, BOTH), 9: in_doubt._replace(missed=True)} == contents(again)
    assert {"fr"} == again.elsewhere == again.perhaps_held(7)
    assert frozenset() == again.perhaps_held(8)
    # Only the packed text says so.
    assert Known(OLD, BOTH) == memory[7]
    memory.more_in = None
    assert contents(memory) == contents(read(memory))
    assert frozenset() == memory.doubted_elsewhere


def test_the_set_of_locales_may_grow_while_more_may_be_emitted() -> None:
    memory, more_in = memory_of(7), {"fr"}
    memory.more_in = more_in
    more_in.add("ja")
    assert {"fr", "ja"} == memory.doubted_elsewhere


def test_if_every_article_is_settled_none_is_in_doubt_elsewhere() -> None:
    memory = memory_of(7)
    memory.more_in = {"fr"}
    memory.settle(7)
    assert frozenset() == memory.doubted_elsewhere


def test_an_article_stays_in_doubt_elsewhere_until_it_is_out_of_doubt() -> None:
    memory = memory_of(7, 8)
    memory.elsewhere = frozenset({"de", "fr"})
    memory.doubt(7, ENGLISH)
    assert [{"fr"}, frozenset(), frozenset()] == [memory.perhaps_held(row) for row in (7, 8, 9)]
    assert {"de", "fr"} == memory.doubted_elsewhere
    memory.remember(7, Known(NEW, BOTH))
    assert (frozenset(), frozenset()) == (memory.perhaps_held(7), memory.doubted_elsewhere)


def test_an_article_in_doubt_cannot_be_settled_and_a_settled_one_stays_settled() -> None:
    memory = memory_of(7, 8)
    memory.doubt(7, BOTH)
    memory.settle(7)
    memory.settle(8)
    memory.doubt(8, BOTH | {"fr"})
    assert [False, True] == [memory.is_settled(row) for row in (7, 8)]
    memory.more_in = set()
    assert Known(IN_DOUBT, BOTH | {"fr"}) == read(memory)[8]


# ------------------------------------------------------------------------------------ its size


@pytest.fixture(scope="module")
def biggest() -> KnownArticles:
    """Return the memory of the biggest Help Center, in the order of a listing."""
    chance = random.Random(0)  # noqa: S311 -- not a secret, and the same in every run
    locales = ["en-us", "de", "fr", "es", "it", "ja", "ko", "pt-br", "nl", "zh-cn"]
    sets = [frozenset(chance.sample(locales, chance.randint(1, 10))) for _ in range(20)]
    ids = [46_406_185_831_185]
    while len(ids) < 40_000:
        ids.append(ids[-1] + chance.randint(1_000, 33_000_000))
    chance.shuffle(ids)
    memory = KnownArticles()
    for article_id in ids:
        memory.remember(article_id, Known(chance.randbytes(DIGEST_BYTES), chance.choice(sets)))
    return memory


def test_an_article_takes_up_twelve_bytes_at_most(biggest: KnownArticles) -> None:
    parts = biggest.pack().split(".")[2:]
    assert sum(len(base64.b64decode(part)) for part in parts) <= 12 * len(biggest)


def test_the_state_of_the_biggest_help_center_is_of_a_size_that_platforms_keep(
    biggest: KnownArticles,
) -> None:
    state = State("2026-11-01T12:00:00Z", {"acme": HelpCenterState(biggest)})
    assert len(orjson.dumps(to_json(state))) < 800_000


def test_the_order_in_which_articles_came_is_not_packed() -> None:
    assert memory_of(7, 8, 9).pack() == memory_of(9, 7, 8).pack()


def test_doubts_do_not_make_it_longer(biggest: KnownArticles) -> None:
    plain = len(biggest.pack())
    biggest.more_in = set("abcdefghij")
    assert len(biggest.pack()) <= plain
    biggest.more_in = None


# --------------------------------------------------------------------------------- damaged texts


WHOLE = memory_of(46_406_185_831_185, 46_406_185_900_000, 46_406_190_000_000).pack()
PART = WHOLE.removeprefix("1.3.")
NAMES = ["de", "en-us"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "1.",
        "1..",
        "1.1",
        f"1.{PART}",
        f"1.2.{PART}",
        f"1.03.{PART}",
        f"1.3.{PART}.",
        f"2.3.{PART}",
        PART,
        f" {WHOLE}",
        f"{WHOLE}\n",
        f"1.3.{PART[:-4]}?{PART[-3:]}",
        f"1.3.ü{PART}",
        f"1.3.\ud800{PART}",
        f"1.1.{base64.b64encode(b'no columns').decode()}",
        packed(NAMES, [7], [], OLD),
        packed(NAMES, [7], [0], b""),
        packed(NAMES, [7], [0], OLD + NEW),
        packed(NAMES, [7, 1], [0], OLD + NEW),
        packed(NAMES, [2**63], [0], OLD),
        packed(NAMES, [2**62, 2**62], [0, 0], OLD + NEW),
        packed([7], [7], [0], OLD),
        packed("de", [7], [0], OLD),
        packed(["de", ["en-us"]], [7], [0], OLD),
        packed([None], [7], [0], OLD),
        packed(7, [7], [0], OLD),
        packed(None, [7], [0], OLD),
        packed({}, [7], [0], OLD),
        packed(NAMES, [], [], b""),
    ],
)
def test_what_was_not_packed_so_is_unreadable(text: str) -> None:
    with pytest.raises(UnreadableMemoryError):
        KnownArticles.unpack(text)


def test_what_a_text_unpacks_to_is_bounded_by_its_length() -> None:
    bomb = base64.b64encode(zlib.compress(b"[]\n" + bytes(100_000_000))).decode()
    tracemalloc.start()
    with pytest.raises(UnreadableMemoryError):
        KnownArticles.unpack(f"1.1.{bomb}")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(bomb) < 150_000
    assert peak < 10_000_000


def test_more_locales_than_there_are_is_unreadable() -> None:
    ids, digests = struct.pack("<Q", 7), OLD

    def with_locales(count: int) -> str:
        names = orjson.dumps([f"l{number}" for number in range(count)])
        columns = names + b"\n" + ids + bytes(count // 8 + 1)
        return f"1.1.{base64.b64encode(zlib.compress(columns) + digests).decode()}"

    assert [7] == list(KnownArticles.unpack(with_locales(1000)))
    with pytest.raises(UnreadableMemoryError):
        KnownArticles.unpack(with_locales(1001))


def test_a_text_that_was_put_together_by_hand_is_a_memory() -> None:
    memory = KnownArticles.unpack(packed(NAMES, [7, 1], [2, 5], OLD + NEW))
    assert {7: Known(OLD, GERMAN), 8: Known(NEW, ENGLISH, missed=True)} == contents(memory)


def test_a_part_that_is_cut_anywhere_is_unreadable() -> None:
    for length in range(len("1."), len(WHOLE)):
        with pytest.raises(UnreadableMemoryError):
            KnownArticles.unpack(WHOLE[:length])


@pytest.mark.parametrize(
    "text",
    [f"1.6.{PART}.{PART}", packed(NAMES, [7, 0], [0, 0], OLD + NEW)],
    ids=["in two parts", "in one part"],
)
def test_an_article_that_is_there_twice_is_unreadable(text: str) -> None:
    with pytest.raises(UnreadableMemoryError):
        KnownArticles.unpack(text)


@given(st.text() | st.text(alphabet=st.sampled_from("1.eJyA+/= \n"), max_size=40).map("1.".__add__))
def test_whatever_the_text_is_it_is_a_memory_or_unreadable(text: str) -> None:
    try:
        memory = KnownArticles.unpack(text)
    except UnreadableMemoryError:
        return
    assert text == memory.pack()


EDITS = st.lists(
    st.tuples(
        st.integers(min_value=0, max_value=len(WHOLE)),
        st.integers(min_value=0, max_value=3),
        st.text(alphabet=st.sampled_from("AQgw+/9=.?ü"), max_size=3),
    ),
    min_size=1,
    max_size=3,
)


@given(EDITS)
def test_damage_changes_digests_at_most(edits: list[tuple[int, int, str]]) -> None:
    text = WHOLE
    for start, removed, added in edits:
        text = text[:start] + added + text[start + removed :]
    try:
        memory = KnownArticles.unpack(text)
    except UnreadableMemoryError:
        return
    expected = KnownArticles.unpack(WHOLE)
    assert list(expected) == list(memory)
    assert [expected.held(article_id) for article_id in expected] == [
        memory.held(article_id) for article_id in memory
    ]
