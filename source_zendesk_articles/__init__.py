"""Airbyte source for the articles of a Zendesk Help Center."""
