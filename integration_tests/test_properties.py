"""The guarantees that hold of a full sync, over any Help Center and any faults that pass."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from integration_tests.conditions import without_waiting
from integration_tests.connector import config, run
from integration_tests.cost import Met, asked, looks, most
from integration_tests.histories import searched
from integration_tests.truth import rows, truth
from integration_tests.zendesk_emulator import Fault, HelpCenter, Switches, ZendeskEmulator

LOCALES = ["en-us", "de", "fr", "pt-br", "zh-cn"]
TEXTS = st.text(alphabet=st.characters(codec="utf-8"), max_size=30)
TRANSLATION = st.fixed_dictionaries(
    {
        "title": TEXTS,
        "body": st.none() | TEXTS,
        "draft": st.booleans(),
        "outdated": st.sampled_from([False, False, True]),
        "hidden": st.sampled_from([False, False, True]),
    }
)
ARTICLE = st.fixed_dictionaries(
    {
        "source": st.sampled_from(LOCALES),
        "translations": st.fixed_dictionaries({}, optional=dict.fromkeys(LOCALES, TRANSLATION)),
        "text": TRANSLATION,
        "segments": st.sampled_from([[], [], [7], [7, 8]]),
        "archived": st.sampled_from([False, False, False, True]),
        "age": st.integers(0, 5),
    }
)
SWITCHES = st.builds(
    Switches,
    sideload_on_lists=st.sampled_from([True, True, False]),
    cursor_order=st.sampled_from(["position", "id", "created_at", "updated_at", "edited_at"]),
    cursor_descending=st.booleans(),
    user_segment_ids_in_answers=st.booleans(),
    disabled_locale_translations=st.booleans(),
    closed_answer=st.sampled_from([401, 403, 404, "redirect", "empty"]),
    retry_after=st.booleans(),
    rate_limit_text=st.sampled_from(["plain", "json"]),
)
PASSING_FAULTS: st.SearchStrategy[Fault] = st.sampled_from(
    [
        Fault("rate_limited", retry_after=5),
        Fault("rate_limited"),
        Fault("status", status=500),
        Fault("status", status=503),
        Fault("html"),
        Fault("dropped"),
        Fault("truncated"),
        Fault("cut_json"),
        Fault("status", status=200, body={"articles": []}),
    ]
)


def furnish(
    zendesk: ZendeskEmulator, articles: list[dict[str, Any]], disabled: set[str]
) -> HelpCenter:
    """Fill the Help Center with drawn articles."""
    help_center = zendesk.account.help_center()
    for locale in LOCALES[1:]:
        help_center.enable_locale(locale)
    section = help_center.add_section(help_center.add_category("c"), "s")
    for drawn in articles:
        zendesk.clock.advance(drawn["age"])
        article = help_center.add_article(section, locale=drawn["source"], **drawn["text"])
        for locale, text in drawn["translations"].items():
            if locale != drawn["source"]:
                help_center.translate(article, locale, **text)
        help_center.change(article, user_segment_ids=drawn["segments"])
        if drawn["archived"]:
            help_center.archive(article)
    for locale in disabled:
        help_center.disable_locale(locale)
    return help_center


@searched(40)
@given(
    articles=st.lists(ARTICLE, max_size=8),
    switches=SWITCHES,
    disabled=st.sets(st.sampled_from(LOCALES[1:])),
    visitors=st.sampled_from(["open", "open", "closed"]),
    treat_as_open=st.booleans(),
    faults=st.lists(st.tuples(st.integers(0, 6), PASSING_FAULTS), max_size=4),
    rate_limit=st.sampled_from([None, 3, 5]),
)
def test_the_destination_equals_the_help_center(  # noqa: PLR0913, PLR0917 -- all that is drawn
    articles: list[dict[str, Any]],
    switches: Switches,
    disabled: set[str],
    visitors: str,
    treat_as_open: bool,
    faults: list[tuple[int, Fault]],
    rate_limit: int | None,
) -> None:
    with ZendeskEmulator(switches=replace(switches), rate_limit=rate_limit) as zendesk:
        help_center = furnish(zendesk, articles, disabled)
        help_center.visitors = visitors  # type: ignore[assignment]
        for skip, fault in faults:
            # Faults on the visitor's look are a story of their own: it may end as closed.
            path = r"me$|locales$|articles$|trans"
            zendesk.faults.add(replace(fault, path=path, skip=skip, credential="api_token"))
        configuration = config(zendesk, treat_as_open=["acme"] if treat_as_open else [])
        with without_waiting(zendesk):
            output = run(zendesk, "read", configuration)
        assert output.succeeded, output.text
        expected = {
            key: row
            for key, row in truth(help_center, treat_as_open=treat_as_open).items()
            if switches.disabled_locale_translations or key[1] in help_center.locales
        }
        assert expected == rows(output.records)
        assert asked(zendesk.requests) <= most(
            Met(
                disturbed=any(request.disturbed for request in zendesk.requests),
                articles=[[len(help_center.articles)]],
                listed_without=[
                    len(article.translations)
                    for article in help_center.articles
                    if not switches.sideload_on_lists
                    or not (
                        switches.disabled_locale_translations
                        or article.source_locale in help_center.locales
                    )
                ],
                looks=looks(help_center, switches),
                lists=not switches.sideload_on_lists,
            )
        )
        assert zendesk.strangers == []
        assert zendesk.account.admin_token not in output.text
