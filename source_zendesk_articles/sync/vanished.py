"""What is no longer shown of what is known, and whether that can be believed. Pure.

Lost access looks like archived articles, and a refused sideload like deleted translations. Nobody
archives or deletes most of a Help Center at once: then nothing is retracted until the user confirms
it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_zendesk_articles.articles.changes import Change
from source_zendesk_articles.memory.state import HelpCenterState

# Of fewer, more than half may well be archived at once.
FEWEST: Final = 20

_OTHER_USER: Final = ", and the user or the role may not be the last listing's"
_VIEW_ALL: Final = (
    "that the user of these credentials is an admin, or an agent who may view every article"
)


class Vanished:
    """What one sync of a Help Center no longer finds.

    `translations`: by article, the change that retracts its translations that vanished while the
    article stayed. They wait until the end of the sync: then their number is known.
    """

    def __init__(self, host: str, entry: HelpCenterState) -> None:
        self._host = host
        known = entry.known
        # What an unfinished listing added does not count: all that was there before may be missing.
        self._articles = min(entry.unfinished.known_before or len(known), len(known))
        variants = sum(len(known.held(article_id)) for article_id in known)
        self._variants = variants * self._articles // max(len(known), 1)
        self._translations: dict[int, Change] = {}
        self._retracted_at_once: Counter[int] = Counter()

    @property
    def translations(self) -> Mapping[int, Change]:
        """See the class."""
        return self._translations

    def note(self, change: Change, held: frozenset[str]) -> None:
        """Note what an article calls for, instead of what it did before; `held`: its locales."""
        self.drop([change.article_id])
        at_once = change.retracted_at_once(held)
        if at_once:
            self._retracted_at_once[change.article_id] = at_once
        if change.vanished:
            self._translations[change.article_id] = change.of_vanished

    def drop(self, article_ids: Iterable[int]) -> None:
        """Forget what articles called for."""
        for article_id in article_ids:
            self._translations.pop(article_id, None)
            self._retracted_at_once.pop(article_id, None)

    def clear(self) -> None:
        """Forget everything: all articles are read again."""
        self._translations.clear()
        self._retracted_at_once.clear()

    def too_many_articles(
        self, missing: int, *, is_other_user: bool
    ) -> AirbyteTracedException | None:
        """Return the error if too many articles are missing at once."""
        if not _is_suspicious(missing, self._articles, is_other_user=is_other_user):
            return None
        since = _OTHER_USER if is_other_user else ""
        return _error(
            f"{missing} of the {self._articles} articles known of {self._host} are no longer "
            f"listed{since}. None of them was retracted, because access may be missing: check "
            f"{_VIEW_ALL}. If the articles",
            f"{missing} of {self._articles} known articles are missing in the listing",
        )

    def too_many_translations(self, *, is_other_user: bool) -> AirbyteTracedException | None:
        """Return the error if too many translations vanished at once.

        Each article keeps at least one. If nearly all others vanished, Zendesk may have sent the
        source locales only.
        """
        vanished = sum(len(change.retracted) for change in self._translations.values())
        most = self._variants - self._articles - self._retracted_at_once.total()
        is_nearly_all = vanished >= FEWEST and 10 * vanished > 9 * most
        is_suspicious = _is_suspicious(vanished, self._variants, is_other_user=is_other_user)
        if not (is_nearly_all or is_suspicious):
            return None
        since = _OTHER_USER if is_other_user else ""
        return _error(
            f"{vanished} of the {self._variants} variants known of {self._host} are no longer "
            f"listed, though their articles are{since}. None of them was retracted, because "
            f"Zendesk may have left translations out: check in Guide whether they are there, and "
            f"{_VIEW_ALL}. If the translations",
            f"{vanished} of {self._variants} known variants vanished from their articles",
        )


def _is_suspicious(gone: int, known: int, *, is_other_user: bool) -> bool:
    """Return whether more is gone than is likely to be archived or deleted at once.

    Another user, or another role, may be allowed to see less.
    """
    return (known >= FEWEST and 2 * gone > known) or (is_other_user and gone > max(5, known / 10))


def _error(problem: str, internal: str) -> AirbyteTracedException:
    return AirbyteTracedException(
        message=f"{problem} are really gone, clear the stream's data in Airbyte (refresh and "
        "remove records) to confirm it.",
        internal_message=internal,
        failure_type=FailureType.config_error,
    )
