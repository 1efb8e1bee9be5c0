"""What the destination holds, the state that it is kept in, and the time of each record.

Pure: it makes no request and emits nothing.
"""
