"""Zendesk's API: what to ask, what an answer is worth, and when a request may go out.

It knows nothing of records, of the state or of Airbyte's stream. `transport` is the only module
that does I/O.
"""
