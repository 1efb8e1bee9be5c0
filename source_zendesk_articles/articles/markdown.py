"""An article's body → GitHub-flavoured Markdown, ready to embed. Pure.

`html-to-markdown` converts; the few things that none of its options does are done to the HTML
before, or to the Markdown after. Each pattern consumes what it has looked at, so that time grows
with the length of a body, whatever is in it.
https://github.com/xberg-io/html-to-markdown
"""

import re
from html import unescape
from itertools import accumulate
from typing import Final

# Another number re-emits every article if `body_markdown` is on: raise it, in a major
# version, when what comes out changes much. Another version of the library changes a little, which
# is no reason to embed everything again.
MARKDOWN_VERSION: Final = 1

# More than any editor nests.
_DEPTH: Final = 256
# Each quote and list indents all lines within it: these are more than a thread of mails quotes. A
# megabyte in so many takes the library some 100 MB of memory, in 250 of them 4 GB.
_INDENTS: Final = 16
_INDENT: Final = re.compile(r"<(/?)(?:blockquote|[ou]l)\b", re.IGNORECASE)
# Tracking pixels, and fields without a text.
_LEFT_OUT: Final = [
    *(f'img[{side}="{size}"]' for side in ("width", "height") for size in (0, 1)),
    *(f'iframe[{side}="0"]' for side in ("width", "height")),
    "input",
]
# What the library would take at its word: a base changes where relative links lead, Google Docs
# wraps all that is copied from it in a <b> that is not bold, and pastes put a list between the
# items of another, not into one.
_MISLEADING: Final = re.compile(
    r"<base\b[^>]*+>?|<b\s[^<>]*?(?<!-)font-weight: ?normal[^<>]*+>?|</li>\s*+(?=<[ou]l\b)",
    re.IGNORECASE,
)
# What would be a tag, or an entity, once it is text. In code it stays as it is. Line breaks outside
# of code are white space, some of which the library loses, as it does around an iframe.
_CODE: Final = r"<(?P<code>code|kbd|pre|samp)\b.*?(?:</(?P=code)\b|\Z)"
# Each alternative starts with a literal: elsewhere the search is five times as slow.
_MISREAD: Final = re.compile(
    rf"{_CODE}|\n(?P<space>(?<=[^>].)\s*+|[ \t]*+(?=<(?:\w++[:-]|acronym|big|marquee|nobr)))"
    r"|<(?P<iframe>iframe\b|/iframe>)"
    r"|&(?:lt|\#0*60|\#x0*3c);?(?=[a-z/!?])|&(?:amp|\#0*38|\#x0*26);?(?=\#?\w++;)",
    re.DOTALL | re.IGNORECASE,
)
# It holds the place of a backslash, behind others that are none of an escape.
_BACKSLASH: Final = "\ue000"
_BACKSLASHES: Final = re.compile(rf"(?<!\\)(\\*+){_BACKSLASH}")
# An address that was pasted with white space before it.
_PASTED: Final = re.compile(r"\]\(<\s++")
# Links, also of an image, that lead to a script, into a message or nowhere.
_HARMFUL: Final = re.compile(
    r"(?:!\[|\[)((?:[^\[\]\\]|\\.|\[(?:[^\[\]\\\n]|\\.)*+\])*+)\]"
    r"\((?:<>|<?\s*+(?:javascript|vbscript|data|cid|about|blob):(?:[^()\n]|\([^()\n]*+\))*+)\)",
    re.IGNORECASE,
)
# A heading in a <summary> or in a <strong>.
_BOLD_HEADING: Final = re.compile(r"\*(?<=^.)(\*{0,2})(#{1,6} .*)\*\1$", re.MULTILINE)
# Soft hyphens and the like tear words apart where they are searched. Joiners and marks of direction
# stay: emoji and several scripts need them.
_INVISIBLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b\ufeff]")


def to_markdown(html: str | None, base_url: str) -> str | None:
    """Return an article's body as GitHub-flavoured Markdown.

    None if it shows nothing: null, empty, only white space, only scripts. `base_url` is the
    article's own address, against which links, images and videos become absolute. Links keep all
    their parameters, as the author wrote them. What cannot be converted, such as what is nested
    in more than 256 levels, or 16 of lists and quotes, becomes plain text.
    """
    if not html or html.isspace():
        return None
    return _converted(html, base_url) or _plain(html) or None


def _converted(html: str, base_url: str) -> str:
    """Return the Markdown; "" if the library gave up, in whole or in part."""
    # Only here: it takes some 30 ms, and most connections do without.
    from html_to_markdown import (  # noqa: PLC0415
        ConversionError,
        ConversionOptions,
        PreprocessingOptions,
        convert,
    )

    options = ConversionOptions(
        base_url=base_url,
        bullets="-",
        compact_tables=True,  # else each row is as long as the longest
        escape_asterisks=True,
        exclude_selectors=_LEFT_OUT,
        expand_abbreviations=False,
        extract_metadata=False,
        hidden_content="reachable",  # what an accordion or a tab shows
        highlight_style="none",  # GitHub has none
        include_blockquote_citations=False,
        inline_data_media="alt_text_only",
        keep_inline_images_in=["h1", "h2", "h3", "h4", "h5", "h6"],
        max_depth=_DEPTH,
        preprocessing=PreprocessingOptions(enabled=False),  # it drops <nav> and forms
    )
    levels = accumulate(-1 if tag[1] else 1 for tag in _INDENT.finditer(html))
    if max(levels, default=0) > _INDENTS:
        return ""
    try:
        result = convert(_prepared(html), options)
    except (ConversionError, UnicodeEncodeError):
        return ""
    if result.warnings:
        return ""
    text = _HARMFUL.sub(r"\1", _PASTED.sub("](<", _visible(result.content or "")))
    text = _BOLD_HEADING.sub(r"\2", text)
    if _BACKSLASH in text:
        text = _BACKSLASHES.sub(r"\1\1\\", text)
    return text.strip()


def _prepared(html: str) -> str:
    return _MISREAD.sub(_escaped, _MISLEADING.sub("", html.replace(_BACKSLASH, "")))


def _escaped(match: re.Match[str]) -> str:
    match match.lastgroup:
        case "code":
            return match[0]
        case "space":
            return " "
        case "iframe":
            return f" {match[0]} "
        case _:
            return f"{_BACKSLASH}{match[0]}"


def _visible(text: str) -> str:
    return _INVISIBLE.sub("", text.replace("\xa0", " "))


# What a browser shows nothing of, and every other tag; a quote that is never closed ends nowhere.
_TAG: Final = re.compile(
    r"<!--.*?(?:-->|\Z)|<(?P<unseen>script|style|template|title)\b.*?(?:</(?P=unseen)\b[^>]*+>?|\Z)"
    r"""|</?(?P<name>[a-z][^\s<>/]*+)(?:[^<>"']|"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z))*+>?"""
    r"|<[!?/][^>]*+>?",
    re.DOTALL | re.IGNORECASE,
)
_IN_LINE: Final = re.compile(
    "a|abbr|b|bdi|bdo|big|cite|code|del|dfn|em|font|i|ins|kbd|label|mark|q|rp|rt|ruby|s|samp|small"
    "|span|strike|strong|sub|sup|time|tt|u|var|wbr",
    re.IGNORECASE,
)


def _plain(html: str) -> str:
    """Return the text that HTML shows, a line for each block."""
    text = _visible(unescape(_TAG.sub(_line_break, html)))
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def _line_break(tag: re.Match[str]) -> str:
    name = tag["name"]
    return "" if name is None or _IN_LINE.fullmatch(name) else "\n"
