"""Decides what is read and what has to be emitted, and sends it.

It asks Zendesk through `zendesk.client` only, and knows nothing of Airbyte's messages.
"""
