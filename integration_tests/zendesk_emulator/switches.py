"""What nobody outside Zendesk knows for sure: one switch each, so that tests can hold both answers.

Every default is the documented, recorded or most reported behaviour; where there is none, the
comment says that it is a guess. A switch may be flipped between two requests.
"""

from dataclasses import dataclass
from typing import Literal

ListOrder = Literal["position", "id", "created_at", "updated_at", "edited_at"]
ClosedAnswer = Literal[401, 403, 404, "redirect", "empty"]


@dataclass
class Switches:
    """The emulator's reading of every open question about the Help Center API."""

    # include=translations: documented for lists, for show and for the incremental list. An account
    # that refuses it ignores it without an error.
    sideload_on_lists: bool = True
    sideload_on_show: bool = True
    sideload_on_incremental: bool = True
    # include=sections,categories: documented for lists and for show, and asked of the incremental
    # list by other people's code; no recording was found. That an account may refuse them, on all
    # of these at once, and ignores them then, is a guess.
    hierarchy_sideloaded: bool = True
    # With translations asked for too, sections and categories bring theirs: documented, and used on
    # their own lists by other people's code; no recording of a row that has them was found.
    hierarchy_translations: bool = True

    # The order of cursor pages is undocumented. Offset pages are recorded with `position`, newest
    # first where positions are equal; that cursor pages do the same is a guess.
    cursor_order: ListOrder = "position"
    cursor_descending: bool = False
    # sort_by together with page[size] is undocumented; it was recorded once, on categories.
    sort_by_on_cursor_pages: bool = True
    # More than 100 rows asked for: served 100, or refused with 400. A guess.
    oversized_page: Literal["clamped", "refused"] = "clamped"

    # Both kinds of answers were recorded: with and without the list of segments.
    user_segment_ids_in_answers: bool = True

    # The incremental list documents up to 1,000 rows a page and no per_page, which clients send.
    incremental_page_size: int = 1000
    incremental_honours_per_page: bool = False
    # Recorded pages ascend by `updated_at`; that another order comes is a guess.
    incremental_order: ListOrder = "updated_at"
    # Sibling exports refuse a start_time younger than a minute. Unknown here.
    young_start_time_refused: bool = False
    # Support's exports allow 10 requests a minute; recordings of this list show the account's
    # limit (None).
    incremental_requests_per_minute: int | None = None
    # With include, a next_page with a wrong path was reported. What is wrong in it is a guess.
    incremental_next_page_malformed: bool = True
    # After so many seconds a change shows up in the incremental list. That sibling exports refuse
    # the last minute hints at a delay; how long it is here, if there is one, is unknown.
    incremental_delay: int = 0

    # Which changes of a translation that is not the source's move the *article's* updated_at?
    # Content is very likely to, the rest is unknown.
    translation_content_moves_article: bool = True
    translation_deletion_moves_article: bool = True
    translation_draft_moves_article: bool = True
    translation_outdated_moves_article: bool = True
    translation_hidden_moves_article: bool = True
    # Labels are the article's own; whether they move its updated_at is unknown too.
    labels_move_article: bool = True
    restoring_moves_article: bool = True

    # Whether translations still come after their locale was disabled is unknown.
    disabled_locale_translations: bool = True
    # An archived article answers 404 in every report; the listing-like 200 is held as well.
    archived_articles_shown: bool = False

    # What a closed Help Center answers to visitors is unknown, and so is whether an open one with a
    # mapped host sends them there.
    closed_answer: ClosedAnswer = 401
    mapped_host_redirects: bool = False

    # What an API token gets after all of them have ended: a guess between what a wrong one gets and
    # what one gets while token access is switched off.
    ended_api_tokens: Literal["refused", "anonymous"] = "refused"
    # Whether the scope hc:read is enough for users/me is unknown.
    hc_read_allows_users_me: bool = False
    # Accounts with Guide only were reported to answer 403 on brands.
    brands_forbidden: bool = False
    # Whether the host of an inactive brand goes on answering is documented nowhere, nor whether a
    # deleted brand stays in the list, which has a field for it.
    inactive_brands_answer: bool = True
    deleted_brands_listed: bool = True
    # A token answer to a client that did not ask for expires_in may leave it out.
    expires_in_unasked: bool = True

    # 429 is documented with Retry-After and reported without; its body was recorded as plain text
    # and as JSON.
    retry_after: bool = True
    rate_limit_text: Literal["plain", "json"] = "plain"
