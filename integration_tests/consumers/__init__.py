"""What reads by the connector in earnest: `make e2e` runs it, `make test` does not."""
