"""One article → its records, and the visibility of each.

Pure: it makes no request, and knows neither what the destination holds nor the state.
"""
