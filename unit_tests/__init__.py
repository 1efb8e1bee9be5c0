"""Tests of the pure modules, table by table, and of the client against canned answers."""
