"""A Help Center of any size, served by an emulator in a process of its own, for the benchmark."""

import multiprocessing
import random
import textwrap
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

import orjson
import requests

if TYPE_CHECKING:
    from collections.abc import Callable

    from integration_tests.zendesk_emulator import ZendeskEmulator

LOCALES = ("en-us", "de", "fr", "ja", "es", "it", "nl", "pt-br", "pl", "sv")
# So many bodies, shared by all articles: 40,000 articles in ten locales need little memory.
_BODIES = 100
_CATEGORIES = 10
_HOUR = 3600
# As texts are written: in ASCII, with accents, or in another script.
_ENGLISH = (
    "order page <b>button</b> account size <i>here</i> packet the and for a to of is not can you "
    "your with next then back settings profile e-mail"
)
_WORDS = {
    "en-us": _ENGLISH,
    "ja": "注文 ページ <b>ボタン</b> アカウント 設定 <i>ここ</i> 戻る 次へ 送料 返品 e-mail",
}
_ACCENTED = f"{_ENGLISH} Größe été más città één você był söka"


@dataclass(frozen=True)
class Shape:
    """So many published articles in the first of `LOCALES`, with bodies of `body` characters.

    They are stamped a second apart and an hour ago, and spread evenly over ten categories, or
    `in_one`, a share from 0 to 1, are in the first category and the others spread over the rest.
    """

    articles: int
    locales: int
    body: int
    in_one: float = 0.1

    @property
    def variants(self) -> int:
        """How many records a first sync has to emit."""
        return self.articles * self.locales


class Served:
    """The emulated account, from the making of the object to `close`.

    `latency` in seconds a request, `rate_limit` in requests a minute. What the emulator encodes
    once is encoded before the first reader comes.
    """

    def __init__(self, shape: Shape, *, latency: float = 0, rate_limit: int | None = None) -> None:
        spawn = multiprocessing.get_context("spawn")
        self.shape = shape
        self._connection, theirs = spawn.Pipe()
        arguments = (theirs, shape, latency, rate_limit)
        self._process = spawn.Process(target=_serve, args=arguments, daemon=True)
        self._process.start()
        theirs.close()
        self.environment: dict[str, str]
        self.environment, self.email, self.api_token = self._connection.recv()

    def close(self) -> None:
        """End the account and its process."""
        self._connection.close()
        self._process.join()

    def take_requests(self) -> int:
        """Return how many requests came since the last call."""
        count: int = self._ask("take_requests")
        return count

    def edit(self, articles: int) -> None:
        """Give this many articles, spread over all, a new text in their last locale."""
        self._ask("edit", articles)

    def begin_minute(self) -> None:
        """Move the clock to the beginning of the rate limit's next minute."""
        self._ask("begin_minute")

    def _ask(self, command: str, *arguments: int) -> Any:  # noqa: ANN401 -- as the command answers
        self._connection.send((command, arguments))
        return self._connection.recv()


def _serve(connection: Connection, shape: Shape, latency: float, rate_limit: int | None) -> None:
    """Serve in this process, until the other end of the connection is closed."""
    # Imported here: what the benchmark's own process holds in memory when it starts a command
    # counts into that command's peak.
    from integration_tests.zendesk_emulator import ZendeskEmulator  # noqa: PLC0415

    with ZendeskEmulator(running=True) as zendesk:
        fill(zendesk, shape)
        _read_once(zendesk)
        zendesk.latency, zendesk.rate_limit = latency, rate_limit
        commands: dict[str, Callable[..., int | None]] = {
            "take_requests": lambda: _take_requests(zendesk),
            "edit": lambda count: _edit(zendesk, shape, count),
            "begin_minute": lambda: zendesk.clock.advance(60 - zendesk.clock.now.timestamp() % 60),
        }
        admin = zendesk.account.admin
        connection.send((zendesk.environment, admin.email, zendesk.account.admin_token))
        while True:
            try:
                command, arguments = connection.recv()
            except EOFError:
                return
            connection.send(commands[command](*arguments))


def fill(zendesk: "ZendeskEmulator", shape: Shape) -> None:
    """Give an account's empty Help Center this shape."""
    help_center = zendesk.account.help_center()
    locales = LOCALES[: shape.locales]
    for locale in locales:
        help_center.enable_locale(locale)
    sections = [
        help_center.add_section(help_center.add_category(f"Category {number}"), "Section")
        for number in range(_CATEGORIES)
    ]
    bodies = {
        locale: [_body(shape.body, _WORDS.get(locale, _ACCENTED), seed) for seed in range(_BODIES)]
        for locale in locales
    }
    for number in range(shape.articles):
        zendesk.clock.advance(1)
        in_first = number % 100 < 100 * shape.in_one
        section = sections[0 if in_first else 1 + number % (_CATEGORIES - 1)]
        texts = [
            (f"How to do it, part {number} ({locale})", bodies[locale][number % _BODIES])
            for locale in locales
        ]
        (title, body), *others = texts
        article = help_center.add_article(section, title=title, body=body, labels=["orders"])
        for locale, (title, body) in zip(locales[1:], others, strict=True):
            help_center.translate(article, locale, title=title, body=body)
    zendesk.clock.advance(_HOUR)


def _body(length: int, words: str, seed: int) -> str:
    """Make HTML of this many characters, with what has to be escaped in JSON."""
    choose = random.Random(seed)  # noqa: S311 -- not a secret, and the same in every run
    text = " ".join(choose.choices(words.split(), k=length // 2))
    paragraphs = textwrap.wrap(text, 400)
    return "\n".join(f'<p class="wysiwyg">{paragraph}</p>' for paragraph in paragraphs)[:length]


def _read_once(zendesk: "ZendeskEmulator") -> None:
    """Have everything encoded, which is done once: the first reader would have to wait for it."""
    account = zendesk.account
    url = f"https://{account.subdomain}.zendesk.com/api/v2/help_center/articles"
    url += "?include=translations,sections,categories&page[size]=100"
    with requests.Session() as session:
        session.trust_env = False
        session.proxies = {"https": zendesk.environment["HTTPS_PROXY"]}
        session.verify = zendesk.environment["REQUESTS_CA_BUNDLE"]
        session.auth = (f"{account.admin.email}/token", account.admin_token)
        while url:
            url = orjson.loads(session.get(url, timeout=60).content)["links"].get("next")
    zendesk.forget_requests()


def _take_requests(zendesk: "ZendeskEmulator") -> int:
    count = len(zendesk.requests)
    zendesk.forget_requests()
    return count


def _edit(zendesk: "ZendeskEmulator", shape: Shape, count: int) -> None:
    help_center = zendesk.account.help_center()
    articles = help_center.articles
    for article in articles[:: len(articles) // count][:count]:
        zendesk.clock.advance(1)
        help_center.change_translation(article, LOCALES[shape.locales - 1], body="<p>New.</p>")
    zendesk.clock.advance(_HOUR)
