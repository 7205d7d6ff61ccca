"""Customers and channels for trials: real purchases, made-up people, and an adapter that stands in for a channel.

Everything here follows from the data and from hashes: the same call always gives the same events.
"""
