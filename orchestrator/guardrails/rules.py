"""A journey's guardrails, made ready once so that deciding is cheap."""

from orchestrator.definitions.duration import duration_ms, format_duration
from orchestrator.definitions.guardrail import ConsentMode, Guardrails
from orchestrator.errors import DefinitionError, Problem
from orchestrator.guardrails.frequency import Cap
from orchestrator.guardrails.quiet_hours import SendingTimes
from orchestrator.guardrails.zone import Zone, known_zone

MAX_REMEMBERED_KINDS = 1_000  # pairs of channel and category; a journey has a handful


class SendRules:
    """Made by :func:`compile_rules`; treat as a value. Durations are in milliseconds, 0 meaning "no such rule"."""

    __slots__ = (
        "_caps",
        "_caps_by_kind",
        "_consent_modes",
        "_definition",
        "fallback_zones",
        "gap",
        "gap_ms",
        "is_skipping_quiet",
        "quiet",
        "quiet_channels",
        "times",
    )

    def __init__(self, definition: Guardrails, fallback_zones: tuple[Zone, ...]) -> None:
        quiet = definition.quiet_hours
        self._definition = definition
        self._caps = tuple(Cap(index, cap) for index, cap in enumerate(definition.caps))
        self._caps_by_kind: dict[tuple[str, str], tuple[Cap, ...]] = {}
        self._consent_modes: dict[str, ConsentMode] = {}
        self.fallback_zones = fallback_zones
        self.gap_ms = duration_ms(definition.minimum_gap) if definition.minimum_gap else 0
        self.gap = format_duration(definition.minimum_gap) if definition.minimum_gap else ""
        self.times = SendingTimes(quiet) if quiet else None
        self.quiet = f"{quiet.starts}-{quiet.ends}" if quiet else ""
        self.is_skipping_quiet = quiet is not None and quiet.on_quiet == "skip"
        self.quiet_channels = quiet.channels if quiet else None  # None: all

    def caps_for(self, channel: str, category: str) -> tuple[Cap, ...]:
        """The caps that limit sends of this channel and category."""
        kind = (channel, category)
        caps = self._caps_by_kind.get(kind)
        if caps is None:
            caps = tuple(cap for cap in self._caps if cap.concerns(channel, category))
            if len(self._caps_by_kind) < MAX_REMEMBERED_KINDS:
                self._caps_by_kind[kind] = caps
        return caps

    def consent_mode(self, category: str) -> ConsentMode:
        """What a send of ``category`` needs."""
        mode = self._consent_modes.get(category)
        if mode is None:
            mode = self._definition.consent_mode(category)
            if len(self._consent_modes) < MAX_REMEMBERED_KINDS:
                self._consent_modes[category] = mode
        return mode


def compile_rules(definition: Guardrails) -> SendRules:
    """The rules of ``definition``, ready for ``decide``. Costs about 50 µs: do it once per published version.

    Raises:
        DefinitionError: a fallback zone is not known here (the definition was checked with another tzdata).
    """
    zones: list[Zone] = []
    for index, name in enumerate(definition.fallback_zones):
        zone = known_zone(name)
        if zone is None:
            path = f"$.guardrails.fallback_zones[{index}]"
            message = f"{name!r} is not a time zone of the installed tzdata package"
            raise DefinitionError(
                [Problem(path, "unknown_zone", message, "name a current IANA zone, or update tzdata")]
            )
        zones.append(zone)
    return SendRules(definition, tuple(zones))
