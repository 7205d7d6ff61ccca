"""Every error the program raises on purpose, in one tree.

::

    OrchestratorError
    ├── ConfigurationError      settings, topic files or a partition layout that cannot work     exit code 2
    ├── StackError              a local Kafka or PostgreSQL did not start, or a tool is missing   exit code 3
    ├── OutOfMemory             a history takes more memory than it may                           exit code 12
    ├── Unavailable             a broker or database that does not answer (yet)                   503, retried
    ├── DefinitionError         a document a person wrote; carries every problem at once          422
    ├── DecodeError             bytes that are not the message they claim to be                   dead letter
    ├── RequestError            a request the API refuses
    │   ├── Unauthorised        no key, or not a valid one                                        401
    │   ├── Forbidden           a valid key without the needed role                               403
    │   ├── NotFound            no such thing in this workspace                                   404
    │   └── Conflict            the thing has changed, or is in the wrong state                   409
    └── ProcessingHalted        the worker must stop rather than go on with a doubt               exit code 70
        ├── OffsetGap           records are missing between two that were read
        ├── Fenced              another worker owns the partition now
        ├── StateUnreadable     a stored state is damaged, or was written by a newer program
        └── CircuitOpen         too many records in a row could not be used

A message says what was being done, what was found where, and what to do about it.
"""

from collections.abc import Sequence
from dataclasses import dataclass


class OrchestratorError(Exception):
    """The root of the tree. The class docstring is the message when none is given."""

    status_hint: int = 500
    exit_code: int = 1

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or type(self).__name__).strip().splitlines()[0])


class ConfigurationError(OrchestratorError):
    """The settings or the topic files describe something that cannot work."""

    exit_code = 2


class StackError(OrchestratorError):
    """The local Kafka or PostgreSQL could not be started."""

    exit_code = 3


class OutOfMemory(OrchestratorError):
    """The work takes more memory than it may; give it less to do, or more memory."""

    exit_code = 12


class Unavailable(OrchestratorError):
    """A broker or database does not answer; the operation will be tried again."""

    status_hint = 503


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a document: where, which rule, why it matters and how to mend it.

    ``path`` is a JSON path into the document, such as ``$.steps.offer.channel``.
    """

    path: str
    rule: str
    message: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" + (f" ({self.fix})" if self.fix else "")


class DefinitionError(OrchestratorError):
    """The definition has problems; all of them are listed in ``problems``."""

    status_hint = 422

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        listing = "; ".join(str(problem) for problem in self.problems)
        super().__init__(f"the definition has {len(self.problems)} problem(s): {listing}")


class DecodeError(OrchestratorError):
    """The bytes are not the message they claim to be.

    ``reason`` is a stable key (``malformed``, ``oversized``, ``wrong_key`` …) used in metrics and dead letters.
    """

    def __init__(self, reason: str, message: str) -> None:
        self.reason = reason
        super().__init__(message)


class RequestError(OrchestratorError):
    """The request cannot be carried out as asked."""

    status_hint = 400


class Unauthorised(RequestError):
    """The request carries no API key, or one that is not valid; send it in the header Authorization, as Bearer KEY."""

    status_hint = 401


class Forbidden(RequestError):
    """The API key is valid but its role does not allow this."""

    status_hint = 403


class NotFound(RequestError):
    """There is no such thing in this workspace."""

    status_hint = 404


class Conflict(RequestError):
    """The thing has changed meanwhile, or its state does not allow this."""

    status_hint = 409


class ProcessingHalted(OrchestratorError):
    """The worker stops without acknowledging, so that nothing is lost; its supervisor restarts it."""

    exit_code = 70


class OffsetGap(ProcessingHalted):
    """Records are missing between two that were read from the same partition."""


class Fenced(ProcessingHalted):
    """Another worker owns this partition now; this one may no longer publish for it."""


class StateUnreadable(ProcessingHalted):
    """A stored state cannot be read; going on without it would forget what the customer must be spared."""


class CircuitOpen(ProcessingHalted):
    """Too many records in a row could not be used; a person should look before more are set aside."""
