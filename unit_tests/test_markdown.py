"""An article's body as Markdown: what a reader of the HTML sees, and nothing else.

`markdown/` has bodies as editors, pastes and imports make them, each with the Markdown that a
person has read beside it. To redraw those, and then read the difference:
REDRAW=1 .venv/bin/pytest unit_tests/test_markdown.py; git diff unit_tests/markdown
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser
from pathlib import Path

import html_to_markdown
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from source_zendesk_articles.articles.markdown import to_markdown

BASE = "https://acme.zendesk.com/hc/en-us/articles/360001-A"
BODIES = sorted((Path(__file__).parent / "markdown").glob("*.html"))
CORPUS = [path.read_text() for path in BODIES]
GITHUB = MarkdownIt("commonmark").enable(["table", "strikethrough"])
WORD = re.compile(r"[^\W_]+")
INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b\ufeff]")
IN_LINE = {
    "a",
    "abbr",
    "b",
    "bdi",
    "bdo",
    "big",
    "cite",
    "code",
    "del",
    "dfn",
    "em",
    "font",
    "i",
    "ins",
    "kbd",
    "label",
    "mark",
    "mi",
    "mn",
    "mo",
    "o:p",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "svg",
    "time",
    "tt",
    "u",
    "var",
    "wbr",
}
UNSEEN = {"script", "style", "template", "noscript"}


class Reader(HTMLParser):
    """The text that a person sees of HTML, with white space between blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.unseen += tag in UNSEEN
        if tag not in IN_LINE | UNSEEN:
            self.text.append(" ")
        if tag == "input" and "checked" in values:
            self.text.append(" x ")  # as GitHub writes it
        if {values.get("width"), values.get("height")} & {"0", "1"}:
            return
        # What is seen of them is no text: the Markdown names them.
        if tag in {"video", "audio"} or (tag == "iframe" and values.get("src")):
            self.text.append(f" {values.get('title') or tag} ")
        if tag == "img":
            self.text.append(f" {values.get('alt') or ''} ")

    def handle_endtag(self, tag: str) -> None:
        self.unseen -= tag in UNSEEN
        if tag not in IN_LINE | UNSEEN:
            self.text.append(" ")

    def handle_data(self, data: str) -> None:
        if not self.unseen:
            self.text.append(data)


def words(html: str) -> list[str]:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return WORD.findall(INVISIBLE.sub("", "".join(reader.text)))


def tokens(markdown: str) -> Iterator[Token]:
    for token in GITHUB.parse(markdown):
        yield token
        yield from token.children or ()


def rendered(markdown: str) -> list[str]:
    """Return the words of Markdown as GitHub would show it."""
    text = ""
    for token in tokens(markdown):
        match token.type:
            case "text" | "code_inline" | "fence" | "code_block":
                text += token.content
            case "image":
                text += f" {token.content} "
            case _ if token.block or token.type.endswith("break"):
                text += " "
    return WORD.findall(text)


def addresses(markdown: str) -> list[str]:
    found = [token.attrGet(name) for token in tokens(markdown) for name in ("href", "src")]
    return [str(address) for address in found if address is not None]


def check(html: str) -> None:
    markdown = to_markdown(html, BASE) or ""
    assert [] == [t.content for t in tokens(markdown) if t.type.startswith("html")]
    assert words(html) == rendered(markdown), markdown
    for address in addresses(markdown):
        assert re.match(r"(?!javascript|vbscript|data)[a-z]+:", address, re.IGNORECASE), address
    assert not INVISIBLE.search(markdown)


@pytest.mark.parametrize("path", BODIES, ids=lambda path: path.stem)
def test_a_body_becomes_the_markdown_beside_it(path: Path) -> None:
    markdown = f"{to_markdown(path.read_text(), BASE)}\n"
    if os.environ.get("REDRAW"):
        path.with_suffix(".md").write_text(markdown)
    assert path.with_suffix(".md").read_text() == markdown


@pytest.mark.parametrize("html", CORPUS, ids=[path.stem for path in BODIES])
def test_no_word_is_lost_and_no_tag_survives(html: str) -> None:
    # From there on html.parser reads odd comments, and a tag that never ends, unlike a browser.
    check(html.partition("<!-- a comment -- with dashes")[0])


def test_a_body_of_a_megabyte_is_the_sum_of_its_parts() -> None:
    # Without the one whose last tags are never closed: they would hold what follows.
    parts = [f"<div>{path.read_text()}</div>" for path in BODIES if path.stem != "broken"]
    times = 1_000_000 // sum(map(len, parts)) + 1
    alone = [word for html in parts for word in WORD.findall(to_markdown(html, BASE) or "")]
    assert alone * times == WORD.findall(to_markdown("".join(parts) * times, BASE) or "")


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("<div>", "</div>"),
        ("<ul><li>", "</li></ul>"),
        ("<table><tr><td>", "</td></tr></table>"),
        ("<blockquote>", "</blockquote>"),
        ("<b>", "</b>"),
        ("<span>", "</span>"),
        ("<div>", ""),
        ("<b><div>", "</b>"),
    ],
)
def test_5000_nested_tags_leave_plain_text(start: str, end: str) -> None:
    html = "".join(f"{start}in{n} " for n in range(5000)) + f"{end} out" * 5000
    markdown = to_markdown(f"<h2>Head</h2>{html}", BASE)
    assert markdown is not None
    assert ["Head", *(f"in{n}" for n in range(5000)), *(["out"] * 5000)] == markdown.split()


PLAIN = st.sampled_from(
    [
        "order",
        "Größe",
        "注文",
        "שלום",
        "item2",
        "x",
        "a.b",
        "5%",
        "Hello!",
        "(see)",
        "it's",
        "–",
        "10€",
        "q&a",
    ]
)
TEXT = st.lists(PLAIN, min_size=1, max_size=4).map(lambda found: escape(" ".join(found)))
LOOKALIKES = st.sampled_from(
    [
        "*",
        "**",
        "**bold**",
        "*x",
        "_x_",
        "__init__",
        "snake_case",
        "[a](b)",
        "![a](b)",
        "[x]:",
        "[^1]",
        "<b>",
        "</b>",
        "<br/>",
        "<!--c-->",
        "<?x",
        "<",
        ">",
        "&lt;",
        "&amp;",
        "&copy;",
        "&#65;",
        "C:\\Users\\<name>",
        "\\",
        "\\*",
        "\\\\",
        "1.",
        "2)",
        "-",
        "+",
        "#",
        "##",
        "#1",
        ">",
        ">>",
        "`code`",
        "```",
        "`",
        "~~",
        "~~x~~",
        "|",
        "a|b",
        "|---|",
        "---",
        "===",
        "=",
        "!",
        "$x$",
        "{{y}}",
        "\\n",
        "]]>",
    ]
)
ADDRESSES = st.sampled_from(
    [
        "/hc/x",
        "#s",
        "?q=1&amp;b=2",
        "//cdn.example.com/x",
        "https://example.com/a(b)c",
        "mailto:a@example.com",
        "../up",
        "/ünï",
        "javascript:void(0)",
        "data:text/html,x",
    ]
)
MARKS = st.sampled_from(
    [
        "b",
        "strong",
        "i",
        "em",
        "u",
        "s",
        "del",
        "ins",
        "small",
        "mark",
        "span",
        "font",
        "sub",
        "sup",
        "cite",
    ]
)


def marked(tag: str, inner: str) -> str:
    """Strike out once: of `<s>` in `<s>` the library makes `~~~~`, which begins a block of code."""
    struck = ("s", "del")
    if tag in struck and any(f"<{name}>" in inner for name in struck):
        return inner
    return f"<{tag}>{inner}</{tag}>"


def around(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        st.builds(marked, MARKS, inner),
        st.builds("<{0}>{1}</{0}>".format, st.sampled_from(["code", "kbd", "samp"]), TEXT),
        st.builds('<a href="{}">{}</a>'.format, ADDRESSES, TEXT),
        st.builds('<img src="/i.png" alt="{}">'.format, TEXT),
        several.map("<br>".join),
        several.map(" ".join),
        several.map("&nbsp;".join),
    )


INLINE = st.recursive(TEXT, around, max_leaves=5)


def blocks_around(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    items = st.lists(st.one_of(INLINE, inner), min_size=1, max_size=3)
    # A cell of GitHub's has but one line: code beside a table within one is not told apart there.
    cells = st.lists(st.one_of(INLINE, INLINE.map("<p>{}</p>".format)), min_size=2, max_size=2)
    rows = st.lists(cells.map(lambda row: "".join(f"<td>{x}</td>" for x in row)), min_size=1)
    return st.one_of(
        st.builds(
            lambda tag, found: f"<{tag}>" + "".join(f"<li>{x}</li>" for x in found) + f"</{tag}>",
            st.sampled_from(["ul", "ol"]),
            items,
        ),
        rows.map(lambda found: "<table>" + "".join(f"<tr>{x}</tr>" for x in found) + "</table>"),
        inner.map("<blockquote>{}</blockquote>".format),
        inner.map('<div class="callout">{}</div>'.format),
        st.builds("<details><summary>{}</summary>{}</details>".format, TEXT, inner),
        st.builds("<dl><dt>{}</dt><dd>{}</dd></dl>".format, TEXT, inner),
        st.lists(inner, min_size=2, max_size=3).map("\n".join),
    )


BLOCK = st.one_of(
    INLINE.map("<p>{}</p>".format),
    st.builds("<h{0}>{1}</h{0}>".format, st.integers(1, 6), INLINE),
    TEXT.map("<pre>{0}\n  {0}</pre>".format),
    TEXT.map('<pre><code class="language-js">{0}\n{0}</code></pre>'.format),
    # Bare in a table cell, the library joins its link to the block before it.
    TEXT.map('<p><iframe src="//www.example.com/embed/x" title="{}"></iframe></p>'.format),
)
HTML = st.recursive(BLOCK, blocks_around, max_leaves=6)


@given(HTML)
def test_no_word_is_lost_of_what_an_editor_composes(html: str) -> None:
    check(html)


# Of the text, not of what GitHub makes of it: `[a](b)` has no backslash and would be a link.
@given(st.lists(st.one_of(PLAIN, LOOKALIKES), min_size=1, max_size=6).map(" ".join))
def test_text_that_looks_like_markdown_or_html_is_all_there(text: str) -> None:
    html = f"<p>{escape(text)}</p>"
    markdown = to_markdown(html, BASE) or ""
    assert WORD.findall(text) == WORD.findall(markdown)
    assert [] == [t.content for t in tokens(markdown) if t.type.startswith("html")]


FRAGMENTS = [
    "<",
    "<a ",
    '<a "',
    "<a '",
    "<!--",
    "<![CDATA[",
    "</",
    "&",
    "<table><tr><td>",
    "<ul><li>",
    "<b>",
    "<script>",
    "[",
    "*",
    "`",
    '"',
    "<p><font>",
    "&lt;b",
    "<pre>",
    "<code>",
    "<base ",
    "<pre>&lt;b",
    "&amp;lt;",
    "<li>x\n",
    "](",
    "<td>",
    "<div>",
    "\ue000",
    "![a](",
    "<svg>",
    "<math>",
    "<q>",
    "<h1>",
    "<dl><dt>",
    "<details>",
    "[a](javascript:(",
    "[a](javascript:",
    "[[a]",
    "\\",
    "\\\ue000",
    "<b font-weight:normal",
    '<b style="font-weight: ',
    "<iframe ",
    "</li>",
    "</li> ",
    "<a-b>",
    "\r\n",
    "\n ",
    'href="',
    "](< ",
    "word ",
]


@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(st.sampled_from([*FRAGMENTS, "</b>", "</p>", ">", "-->"])).map("".join),
        st.builds(
            lambda html, at, cut, put: html[:at] + put + html[at + cut :],
            st.sampled_from(CORPUS),
            st.integers(0, 1500),
            st.integers(0, 40),
            st.sampled_from(FRAGMENTS),
        ),
    )
)
def test_any_html_becomes_a_text_or_none(html: str) -> None:
    markdown = to_markdown(html, BASE)
    assert markdown is None or markdown.strip()
    assert markdown == to_markdown(html, BASE)


@given(st.lists(PLAIN, min_size=1).map(" ".join), MARKS)
def test_a_visible_word_is_never_none(text: str, tag: str) -> None:
    assert to_markdown(f"<{tag}>{escape(text)}", BASE)


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_what_repeats_is_bounded_by_its_length(fragment: str) -> None:
    html = "&lt;b " + fragment * (300_000 // len(fragment))
    assert len(to_markdown(html, BASE) or "") <= 8 * len(html)


@pytest.mark.parametrize(
    "html",
    [None, "", " \n\t", "&nbsp;", "<p>&nbsp;</p>", "<script>x()</script>", "<!-- x -->", "<p></p>"],
)
def test_what_shows_nothing_is_none(html: str | None) -> None:
    assert to_markdown(html, BASE) is None


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ('a<img src="/p" width="1" height="1"><img src="/p" width="0">', "a"),
        ('a<img src="/p" height="1"><img src="/p" height="0">', "a"),
        ('a<iframe src="/p" width="0"></iframe><iframe src="/p" height="0"></iframe>', "a"),
        (
            '<base href="https://e.example.com/"><a href="/x">x</a>',
            "[x](https://acme.zendesk.com/x)",
        ),
        ("<code>&lt;b&gt;</code>", "`<b>`"),
        ("<p>&lt;b&gt; \\&lt;b&gt; &amp;lt;</p>", "\\<b> \\\\\\<b> \\&lt;"),
        ('<a href="javascript:x(1)">run</a>', "run"),
        ('<a href="javascript:x"><img src="/u" alt="Up"></a>', "![Up](https://acme.zendesk.com/u)"),
        ('<img alt="no address">', "no address"),
        ('<img src="data:image/png;base64,AA" alt="dot">', "dot"),
        (
            '<a href="https://example.com/?utm_source=a&amp;b=1">x</a>',
            "[x](https://example.com/?utm_source=a&b=1)",
        ),
        ('<a href=" https://example.com/x">x</a>', "[x](<https://example.com/x>)"),
        ('<h2><img src="/i" alt="i"> x</h2>', "## ![i](https://acme.zendesk.com/i) x"),
        ('a<iframe src="/v" title="Tour"></iframe>b', "a [Tour](https://acme.zendesk.com/v)\n\nb"),
        ('<b style="font-weight:normal;"><h1>x</h1></b>', "# x"),
        ('<b style="mso-bidi-font-weight:normal">x</b>', "**x**"),
        ("<details><summary><h3>x</h3></summary>y</details>", "### x\n\ny"),
        ("<ul><li>a</li>\n<ul><li>b</li></ul><li>c</li></ul>", "- a\n  - b\n- c"),
        ("<p>a</p>b\n<b>c</b>", "a\n\nb **c**"),
        ("<o:p>a</o:p>\n<o:p>b</o:p>", "a b"),
        ("<big>a</big>\n<big>b</big>\n<nobr>c</nobr>\n<acronym>d</acronym>", "a b c d"),
        ('<div hidden>a</div><div style="display: none">b</div>', "a\n\nb"),
        ('<nav>a</nav><form><button>b</button><input value="c"></form>', "a\n\nb"),
        ('<abbr title="World">W</abbr> <mark>m</mark>', "W m"),
        ('<blockquote cite="https://example.com/">a</blockquote>', "> a"),
        ("<p>2*3 *x*</p>", "2\\*3 \\*x\\*"),
        ("<head><title>t</title></head><ul><li>a</li></ul>", "- a"),
        (
            "<table><tr><td>a<td>bcdefg<tr><td>c<td>d</table>",
            "| a | bcdefg |\n| --- | --- |\n| c | d |",
        ),
        ("<p>a\ue000b</p>", "ab"),
        ("<p>a\x07\u200b\xadb&nbsp;c</p>", "ab c"),
        ("<div>" * 300 + "a <i>b</i>" + "</div>" * 300, "a b"),
        ("a\ud800b", "a\ud800b"),
    ],
)
def test_each_decision(html: str, markdown: str) -> None:
    assert markdown == to_markdown(html, BASE)


@pytest.mark.parametrize("error", [html_to_markdown.ConversionError, html_to_markdown.PanicError])
def test_an_error_of_the_library_leaves_plain_text(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fail(*_: object) -> None:
        raise error("no")

    monkeypatch.setattr(html_to_markdown, "convert", fail)
    html = "<p>One<b>t</b>wo &amp; <!-- no --><style>p {}</style></p><p title='>'>three\nfour</p>"
    assert "Onetwo &\nthree\nfour" == to_markdown(html, BASE)


def test_an_empty_answer_of_the_library_leaves_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = html_to_markdown.convert("")
    monkeypatch.setattr(html_to_markdown, "convert", lambda *_: empty)
    assert "One\ntwo" == to_markdown("<p>One</p><p>two</p>", BASE)


# 270 KB, in 240 quotes; a translation may have 1 MB.
PROGRAM = """
import resource
from source_zendesk_articles.articles.markdown import to_markdown
resource.setrlimit(resource.RLIMIT_AS, (2**29, 2**29))
deep = "<blockquote>" * 240 + "<p>abcdefgh abcdefgh abcdefgh</p>" * 8000 + "</blockquote>" * 240
assert to_markdown(deep, "https://acme.zendesk.com/hc/1")
"""


def test_a_body_in_many_quotes_is_converted_in_half_a_gigabyte() -> None:
    done = subprocess.run(  # noqa: S603 -- this interpreter
        [sys.executable, "-c", PROGRAM], capture_output=True, check=False
    )
    assert 0 == done.returncode, done.stderr.decode()[-300:]
