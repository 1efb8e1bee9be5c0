"""What the destination holds, the state that it is kept in, and the time of each record.

Pure: it asks nobody and sends nothing.
"""
