"""A stateful Zendesk account on loopback, for tests, the demo and the benchmark.

Brands live on their own hosts behind one HTTPS proxy, so a client reaches them as it would reach
Zendesk through a company's proxy: with the environment that `ZendeskEmulator.environment` holds.
`python -m integration_tests.zendesk_emulator` serves a small sample in a process of its own.
"""

from .account import API_TOKENS_END, Account, Brand, Caller, Credential, OAuthClient, Role, User
from .clock import Clock
from .emulator import LoggedRequest, ZendeskEmulator
from .faults import Fault, FaultKind, Faults
from .help_center import Article, Category, HelpCenter, Section, Translation
from .server import Stranger
from .switches import ClosedAnswer, ListOrder, Switches

__all__ = [
    "API_TOKENS_END",
    "Account",
    "Article",
    "Brand",
    "Caller",
    "Category",
    "Clock",
    "ClosedAnswer",
    "Credential",
    "Fault",
    "FaultKind",
    "Faults",
    "HelpCenter",
    "ListOrder",
    "LoggedRequest",
    "OAuthClient",
    "Role",
    "Section",
    "Stranger",
    "Switches",
    "Translation",
    "User",
    "ZendeskEmulator",
]
