"""One article → its records, and who may read each of them.

Pure: it asks nobody, and knows neither what the destination holds nor the state.
"""
