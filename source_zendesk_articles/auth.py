"""Credentials → what signs a request: authenticators of the CDK's kind."""

from airbyte_cdk.sources.streams.http.requests_native_auth import BasicHttpAuthenticator
from airbyte_cdk.utils.airbyte_secrets_utils import add_to_secrets
from requests import PreparedRequest
from requests.auth import AuthBase

from source_zendesk_articles.config import ApiTokenCredentials


def authenticator(credentials: ApiTokenCredentials) -> AuthBase:
    """Return what signs requests with these credentials.

    https://developer.zendesk.com/api-reference/introduction/security-and-auth/#api-token
    """
    basic = BasicHttpAuthenticator(
        f"{credentials.email}/token", credentials.api_token.get_secret_value()
    )
    # The CDK masks what the user entered; an answer may repeat what was sent.
    add_to_secrets(basic.token.removeprefix("Basic "))
    return basic


class NoAuth(AuthBase):
    """Signs nothing: a visitor's request. Without any, `requests` would look into `~/.netrc`."""

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        """Return the request as it is."""
        return r
