"""The points of the adapter's protocol at which a test may let it die: see ``orchestrator.crash``."""

AFTER_TAKE = "after_take"
AFTER_INTENT = "after_intent"
AFTER_SEND = "after_send"
BEFORE_ANSWER = "before_answer"
AFTER_ANSWER = "after_answer"
DURING_TAKE_OVER = "during_take_over"
POINTS = (AFTER_TAKE, AFTER_INTENT, AFTER_SEND, BEFORE_ANSWER, AFTER_ANSWER, DURING_TAKE_OVER)
