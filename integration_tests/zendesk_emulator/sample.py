"""Help Centers to look at: a small one that shows every case, and one of any size."""

from .help_center import HelpCenter

SEGMENT = 46406179329900


def furnish(help_center: HelpCenter) -> None:
    """Fill a Help Center: each article is named for what is special about it."""
    for locale in ("de", "fr", "ja"):
        help_center.enable_locale(locale)
    category = help_center.add_category("Help")
    orders = help_center.add_section(category, "Orders")
    paying = help_center.add_section(category, "Paying", parent=orders)
    partners = help_center.add_category("For our partners")
    inside = help_center.add_section(partners, "Prices")
    help_center.add_name(category, "de", "Hilfe")
    help_center.add_name(category, "fr", "Aide")
    help_center.add_name(orders, "de", "Bestellungen", "Von der Suche bis zur Rückgabe")
    help_center.add_name(orders, "fr", "Commandes")
    help_center.add_name(paying, "de", "Bezahlen")
    # Its section Prices has no German name, though its articles are in German too.
    help_center.add_name(partners, "de", "Für unsere Partner")

    everywhere = help_center.add_article(
        orders,
        title="Where is my order?",
        body="<p>Look into <b>Your orders</b>.</p>",
        labels=["orders"],
    )
    help_center.translate(
        everywhere, "de", title="Wo ist meine Bestellung?", body="<p>Unter <b>Bestellungen</b>.</p>"
    )
    help_center.translate(everywhere, "fr", title="Où est ma commande ?", body="<p>Ici.</p>")

    half_way = help_center.add_article(orders, title="Gift cards", body="<p>From 10 €.</p>")
    help_center.translate(
        half_way, "de", title="Geschenkkarten", body="<p>Noch in Arbeit.</p>", draft=True
    )

    ahead = help_center.add_article(
        paying, title="Paying by invoice", body="<p>Soon.</p>", draft=True
    )
    help_center.translate(ahead, "de", title="Kauf auf Rechnung", body="<p>Schon möglich.</p>")

    restricted = help_center.add_article(
        inside, title="Partner prices", body="<p>30 % off.</p>", user_segment_id=SEGMENT
    )
    help_center.translate(restricted, "de", title="Preise für Partner", body="<p>30 %.</p>")

    overtaken = help_center.add_article(orders, title="Return it", body="<p>Within 30 days.</p>")
    help_center.translate(
        overtaken, "de", title="Rückgabe", body="<p>Binnen 14 Tagen.</p>", outdated=True
    )
    help_center.translate(overtaken, "fr", title="Retours", body="<p>Sous 30 jours.</p>")

    help_center.add_article(
        orders, title="Nur für Deutschland", body="<p>Pfand und Porto.</p>", locale="de"
    )
    empty = help_center.add_article(orders, title="An empty page", body=None)
    help_center.translate(empty, "fr", title="Caché", body="<p>Caché.</p>", hidden=True)

    help_center.translate(everywhere, "ja", title="注文はどこ？", body="<p>注文履歴。</p>")
    help_center.disable_locale("ja")

    archived = help_center.add_article(orders, title="Christmas 2024", body="<p>Over.</p>")
    help_center.archive(archived)


def fill(help_center: HelpCenter, *, articles: int, categories: int = 1) -> None:
    """Add this many articles in two locales, spread over the categories."""
    help_center.enable_locale("de")
    sections = [
        help_center.add_section(help_center.add_category(f"Category {number}"), "Section")
        for number in range(categories)
    ]
    for number in range(articles):
        article = help_center.add_article(
            sections[number % categories], title=f"Article {number}", body=f"<p>{number}</p>"
        )
        help_center.translate(article, "de", title=f"Artikel {number}", body="<p>Text</p>")
