"""The reference in docs/reference, written from the models, the contracts and the commands themselves.

Nothing in it is said by hand that the program knows: ``orchestrator reference write`` writes it, a test compares.
"""
