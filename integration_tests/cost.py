"""What a sync of one Help Center may ask for at most, from what it met alone. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import NamedTuple

from integration_tests.zendesk_emulator import HelpCenter, LoggedRequest, Switches

_KINDS = {
    r"^/oauth/tokens$": "token",
    r"/brands$": "brands",
    r"/users/me$": "me",
    r"/locales$": "locales",
    r"/incremental/articles$": "changes",
    r"/articles/\d+/translations$": "translations",
    r"/articles/\d+$": "article",
    r"/sections$": "sections",
    r"/categories$": "categories",
}


class Met(NamedTuple):
    """What a sync that succeeded met; nobody edits meanwhile.

    `listed`, `fed`: which lists of articles it read. `disturbed`: faults and refusals came between.
    `clock_went_back`: articles are younger than the sync, so that they may not be counted in.
    `page_size` and `reach` are the connector's: rows, and offset pages from either end. `articles`:
    how many there are in each section, by category. `without`: how many translations each article
    has that comes without its own, in a listing and in the feed. `stamps`: those of the articles
    that the feed shows, `feed_page` rows at once. `gone`: how many articles were known once and are
    not listed; `shown_without`: as `without`, of those that are shown when asked for.
    `proofs`: how often something is retracted because it was not shown. `refused`: answers 401.
    `looks`: what `looks` returns. `lists`: whether sections or
    categories may not come with articles; `filters`: the lists that filters need.
    """

    listed: bool = True
    fed: bool = False
    disturbed: bool = False
    clock_went_back: bool = False
    page_size: int = 100
    reach: int = 100
    articles: Sequence[Sequence[int]] = ((),)
    small: int = 500
    listed_without: Sequence[int] = ()
    fed_without: Sequence[int] = ()
    stamps: Sequence[object] = ()
    feed_page: int = 1000
    gone: int = 0
    shown_without: Sequence[int] = ()
    proofs: int = 0
    refused: int = 0
    renews: bool = False
    looks: int = 1
    lists: bool = False
    filters: frozenset[str] = frozenset()


def looks(help_center: HelpCenter, switches: Switches) -> int:
    """Return in how many locales a visitor has to look until an article is shown, or a refusal."""
    if help_center.visitors != "open":
        return len(help_center.locales) if switches.closed_answer == "empty" else 1
    shown = {
        locale
        for article in help_center.articles
        if not article.user_segment_ids
        for locale, text in article.translations.items()
        if not (text.draft or text.hidden)
    }
    default = help_center.default_locale
    others = [locale for locale in help_center.locales if locale != default]
    empty = takewhile(lambda locale: locale not in shown, [default, *others])
    return min(len(list(empty)) + 1, len(help_center.locales))


def asked(requests: Iterable[LoggedRequest]) -> Counter[str]:
    """Count requests by kind, those apart that met a fault or a limit, or were refused."""
    return Counter(
        _kind(request) for request in requests if not request.disturbed and request.status != 401
    )


def _kind(request: LoggedRequest) -> str:
    if request.credential == "none" and request.path.endswith("/articles"):
        return "look"
    kinds = [kind for path, kind in _KINDS.items() if re.search(path, request.path)]
    by_cursor = any(name.startswith("page[") for name in request.query)
    return kinds[0] if kinds else ("cursor" if by_cursor else "offset")


def most(met: Met) -> Counter[str]:
    """Return how many requests of each kind a sync may cost.

    Without exceptions that is, for an idle feed, `locales` and `changes`; for a listing of A
    articles its pages and `locales`, `me` and `look`.
    """
    total = sum(map(sum, met.articles))
    counted = Counter(token=met.renews * (1 + met.refused), locales=1, me=met.proofs)
    fed = _feed_pages(met) if met.fed else 0
    counted["changes"] = fed
    times = Counter(fed=fed)
    if met.listed:
        counted["me"] += 1 + (total > met.small)
        counted["look"] = met.looks
        offset, is_whole, in_parts, overlap = _offset_pages(met)
        is_doubted = met.disturbed or met.clock_went_back or not is_whole
        begins_anew = is_doubted or bool(met.listed_without)
        counted["offset"] = offset
        # Pages that came in halves, a row at a time in the end.
        size = 1 if met.disturbed else met.page_size
        counted["cursor"] = begins_anew * _pages(total, size)
        counted["article"] = met.gone
        # In parts, one may be on the first pages of all and of its category, too.
        times["listed"] = 1 + overlap + 2 * in_parts + is_doubted
        if in_parts:
            counted["categories"] += _pages(len(met.articles), met.page_size)
    needed = {
        "categories": ("categories" in met.filters) * met.listed + met.lists,
        "sections": bool(met.filters) * met.listed + met.lists,
    }
    rows = {"categories": len(met.articles), "sections": sum(map(len, met.articles))}
    for kind, lists in needed.items():
        counted[kind] += lists * _pages(rows[kind], met.page_size)
    for how, texts in (
        (times["fed"], met.fed_without),
        (times["listed"], met.listed_without),
        (int(met.listed), met.shown_without),
    ):
        counted["translations"] += how * sum(_pages(count, met.page_size) for count in texts)
    return counted


def _pages(rows: int, size: int) -> int:
    return max(1, -(-rows // size))


def _feed_pages(met: Met) -> int:
    # A full page says that more may come; the next one begins with the last one's last second.
    rows, size = len(met.stamps), 1 if met.disturbed else met.feed_page
    if rows < size:
        return 1
    again = max(Counter(met.stamps).values(), default=0)
    return 1 + -(-(rows - size + 1) // max(1, size - again))


def _offset_pages(met: Met) -> tuple[int, bool, bool, bool]:
    """Return how many pages, whether they show all, part by part, and any article twice."""
    total = sum(map(sum, met.articles))
    if _is_in_reach(total, met):
        return _of_part(total, met), True, False, _overlaps(total, met)
    pages, is_whole, overlaps = 1, True, True
    for sections in met.articles:
        inside = sum(sections)
        if _is_in_reach(inside, met):
            pages += _of_part(inside, met)
            continue
        # The first page shows that the category is too long; then cursor pages are read.
        pages += 1
        is_whole = False
    return pages, is_whole, True, overlaps


def _is_in_reach(rows: int, met: Met) -> bool:
    return -(-rows // met.page_size) < 2 * met.reach


def _of_part(rows: int, met: Met) -> int:
    # Behind those from the oldest on, one more than needed from the newest on.
    return _pages(rows, met.page_size) + _overlaps(rows, met)


def _overlaps(rows: int, met: Met) -> bool:
    return -(-rows // met.page_size) >= met.reach
