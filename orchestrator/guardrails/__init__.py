"""May this be sent to this customer now? One question with one answer, whichever journey asks.

``decide`` is the door. Everything here is a function of values: the rules, what is known of the customer, and the time.
"""
