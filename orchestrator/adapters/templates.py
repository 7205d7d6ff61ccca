"""Templates: a folder of files that make messages of a command's variables, in a small and bounded part of Liquid.

``<name>.subject.liquid``, ``<name>.txt.liquid`` and ``<name>.html.liquid`` are the parts of the template ``<name>``;
one of the last two must be there. All are read and parsed once, at the start: a command names a template and never a
file.

A variable that is missing or null is an error where it would be printed, unless the template says ``default`` or asks
first (``if``). Text in HTML parts is escaped. What a template may do is listed here and in ``filters.py``.
"""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from liquid import BoundTemplate, Environment, Mode, RenderContext, Token
from liquid.exceptions import LiquidError, ResourceLimitError, UndefinedError
from liquid.undefined import UNDEFINED, FalsyStrictUndefined

from orchestrator.adapters.filters import NotTaken, check_time, deadline_s, limited_filters
from orchestrator.adapters.message import Message
from orchestrator.errors import ConfigurationError, OrchestratorError, Problem
from orchestrator.messages.cloudevents import MAX_DEPTH
from orchestrator.messages.text import is_deeper_than

PARTS = ("subject", "txt", "html")
SUFFIX = ".liquid"
MAX_SOURCE_CHARS = 262_144
MAX_TAGS = 1_000
MAX_OUTPUT_BYTES = 524_288
MAX_ITERATIONS = 1_000  # of loops in loops together
MAX_NESTING = 10
MAX_LOCALS_BYTES = 1_048_576
MAX_SUBJECT_CHARS = 500
TIME_S = 1.0  # looked at by each filter and each use of a variable; what has neither is bounded by its number

# ``content``, ``output`` and ``illegal`` are what the library calls text, {{ … }} and ends without a beginning.
TAGS = ("content", "output", "illegal", "if", "unless", "case", "for", "break", "continue", "assign", "capture")
COMMENTS = ("comment", "#")
_WITHOUT_VALUES = (UndefinedError, ResourceLimitError, NotTaken)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class TemplateError(OrchestratorError):
    """A template cannot make a message of these variables."""


class _Timed(RenderContext):
    def get(self, path: list[object], *, token: Token | None, default: object = UNDEFINED) -> object:
        """The value of a variable: comparing large ones takes time too."""
        check_time()
        return super().get(path, token=token, default=default)


class _TimedTemplate(BoundTemplate):
    context_class = _Timed


class _Limited(Environment):
    template_class = _TimedTemplate
    block_nesting_limit = MAX_NESTING
    context_depth_limit = MAX_NESTING
    loop_iteration_limit = MAX_ITERATIONS
    local_namespace_limit = MAX_LOCALS_BYTES
    output_stream_limit = MAX_OUTPUT_BYTES


def _environment(*, is_html: bool) -> Environment:
    made = _Limited(tolerance=Mode.STRICT, undefined=FalsyStrictUndefined, strict_filters=True, autoescape=is_html)
    made.tags = {name: made.tags[name] for name in (*TAGS, *COMMENTS)}
    made.filters = limited_filters(made)
    return made


_PLAIN = _environment(is_html=False)
_HTML = _environment(is_html=True)


@dataclass(frozen=True, slots=True)
class Template:
    """A template by its parts. ``variables``: what it looks at, of a command's variables."""

    name: str
    parts: Mapping[str, BoundTemplate]

    @property
    def variables(self) -> tuple[str, ...]:
        """The names it uses."""
        return tuple(sorted({name for part in self.parts.values() for name in part.global_variables()}))


@dataclass(slots=True)
class Reading:
    """What is in a folder: templates, and all that is wrong there."""

    templates: dict[str, Template] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


class Templates:
    """The templates of a folder, ready for use.

    Raises:
        ConfigurationError: naming everything that is wrong in it.
    """

    def __init__(self, folder: Path) -> None:
        found = read_templates(folder)
        if found.problems:
            raise ConfigurationError(
                f"reading the templates in {folder}: {'; '.join(map(str, found.problems))}; "
                "see `orchestrator adapter check-templates`"
            )
        self._templates = found.templates

    def render(self, name: str, variables: Mapping[str, object]) -> Message:
        """The message that the template ``name`` makes of ``variables``.

        Raises:
            TemplateError: there is no such template, a variable is missing, or a limit is exceeded.
        """
        template = self._templates.get(name)
        if template is None:
            raise TemplateError(f"template: there is none of the name {name[:100]!r}")
        deadline_s.set(time.monotonic() + TIME_S)
        if is_deeper_than(dict(variables), MAX_DEPTH):  # not all Pythons would find it too deep themselves
            raise TemplateError(f"template: the variables are nested more than {MAX_DEPTH} levels deep")
        given = _without_nulls(variables)
        parts = {part: _rendered(part, source, given) for part, source in template.parts.items()}
        subject = parts.get("subject")
        return Message(None if subject is None else _one_line(subject), parts.get("txt"), parts.get("html"))


def read_templates(folder: Path) -> Reading:
    """Every template of the folder, with everything that is wrong."""
    found = Reading()
    files = sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else []
    if not files:
        found.problems.append(Problem(str(folder), "none", f"there is no folder with files *{SUFFIX} here"))
    parts: dict[str, dict[str, BoundTemplate]] = {}
    for file in files:
        name, _, part = file.name.removesuffix(SUFFIX).rpartition(".")
        if part not in PARTS or not _NAME.fullmatch(name):
            problem = f"the file is not called NAME.PART{SUFFIX}, with PART one of {', '.join(PARTS)}"
            found.problems.append(Problem(file.name, "name", problem))
            continue
        match _parsed(file, part):
            case Problem() as problem_found:
                found.problems.append(problem_found)
                parts.setdefault(name, {})
            case BoundTemplate() as made:
                parts.setdefault(name, {})[part] = made
    for name, some in parts.items():
        found.templates[name] = Template(name, some)
        if not {"txt", "html"} & some.keys() and not any(each.path.startswith(f"{name}.") for each in found.problems):
            found.problems.append(Problem(name, "parts", "the template has neither a txt nor an html part"))
    return found


def _parsed(file: Path, part: str) -> BoundTemplate | Problem:
    try:
        source = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return Problem(file.name, "unreadable", str(error))
    if len(source) > MAX_SOURCE_CHARS:
        return Problem(file.name, "size", f"it has {len(source)} characters; at most {MAX_SOURCE_CHARS} are taken")
    if (tags := source.count("{%")) > MAX_TAGS:
        return Problem(file.name, "size", f"it has {tags} tags; at most {MAX_TAGS} are taken")
    environment = _HTML if part == "html" else _PLAIN
    try:
        made = environment.from_string(source.rstrip() if part == "subject" else source)
        unknown = sorted(set(made.filter_names()) - environment.filters.keys())
    except (LiquidError, RecursionError) as error:
        return Problem(file.name, "syntax", _told(error))
    if unknown:
        return Problem(file.name, "filter", f"there is no filter {', '.join(unknown)} here")
    return made


def _rendered(part: str, template: BoundTemplate, variables: Mapping[str, object]) -> str:
    try:
        return str(template.render(variables))
    except (LiquidError, RecursionError, ValueError, TypeError, ArithmeticError) as error:
        raise TemplateError(f"template: {part}: {_told(error, *_WITHOUT_VALUES)}") from error


def _told(error: BaseException, *speaking: type[LiquidError]) -> str:
    """The library's word with the line's number; of errors that are not ``speaking`` only the name of the error.

    The library puts values of variables into some of its messages, and a report must not have them.
    """
    if not isinstance(error, LiquidError):
        return type(error).__name__
    context = error.context()
    said = f"{error.message}" if isinstance(error, speaking or LiquidError) else type(error).__name__
    return said + (f" (line {context[0]})" if context else "")


def _one_line(text: str) -> str:
    """A subject is one line, whatever variables have in them."""
    return " ".join(text.split())[:MAX_SUBJECT_CHARS]


def _without_nulls(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """What is null is as missing as what is not there."""
    match value:
        case Mapping():
            return {name: _without_nulls(each) for name, each in value.items() if each is not None}
        case Sequence() if not isinstance(value, str):
            return [_without_nulls(each) for each in value if each is not None]
        case _:
            return value
