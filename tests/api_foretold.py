"""Operations that are agreed on and not yet in schemas/openapi.json: goes when they are there."""

from typing import Any

_BASE = "/api/v1/033-omnichannel-journey-orchestrator"
_INTEGER, _NUMBER, _TEXT, _YES = {"type": "integer"}, {"type": "number"}, {"type": "string"}, {"type": "boolean"}
_UUID = {"type": "string", "format": "uuid"}
_TIME = {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}
_DAY = {"type": "string", "format": "date"}
_SHARE = {"anyOf": [_NUMBER, {"type": "null"}]}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _list_of(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _get(operation_id: str, content: dict[str, Any], *query: str) -> dict[str, Any]:
    parameters = [{"name": name, "in": "query"} for name in query]
    return {"get": {"operationId": operation_id, "parameters": parameters, "responses": {"200": {"content": content}}}}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


_FIGURES = _object(
    entered=_INTEGER,
    customers=_INTEGER,
    completed=_INTEGER,
    exited=_INTEGER,
    sends=_INTEGER,
    suppressed=_INTEGER,
    conversions=_INTEGER,
    customers_converted=_INTEGER,
    revenue=_NUMBER,
    cost=_NUMBER,
)
_POSITIONS = _object(
    journey_id=_UUID,
    version=_INTEGER,
    generated_at=_TIME,
    under_way=_INTEGER,
    held_out=_INTEGER,
    steps=_list_of(
        _object(
            step=_TEXT, customers=_INTEGER, versions={"type": "object", "additionalProperties": _INTEGER}, since=_TIME
        )
    ),
)
_GAUGE = _object(
    kind=_TEXT,
    of=_TEXT,
    sentence=_TEXT,
    limit=_SHARE,
    used=_SHARE,
    share=_SHARE,
    since=_TIME,
    until=_TIME,
    held_back=_INTEGER,
    is_reached=_YES,
)
_OVERVIEW = {
    **_object(
        **{"from": _DAY, "to": _DAY},
        generated_at=_TIME,
        items=_list_of(
            _object(
                journey={"$ref": "#/components/schemas/JourneyItem"},
                figures=_FIGURES,
                under_way=_INTEGER,
                finding={"anyOf": [_TEXT, {"type": "null"}]},
                verdict={"anyOf": [_TEXT, {"type": "null"}]},
            )
        ),
        totals=_FIGURES,
        next_cursor={"anyOf": [_TEXT, {"type": "null"}]},
    )
}
FORETOLD: dict[str, Any] = {
    f"{_BASE}/{{id}}/positions": _get("getJourneyPositions", _json(_POSITIONS)),
    f"{_BASE}/{{id}}/guardrails": _get(
        "getJourneyGuardrails", _json(_object(generated_at=_TIME, items=_list_of(_GAUGE)))
    ),
    "/api/v1/overview": _get("getOverview", _json(_OVERVIEW), "from", "to", "status", "cursor", "limit"),
    "/api/v1/overview/export": _get("exportOverview", {"text/csv": {}}, "format", "from", "to", "status"),
    f"{_BASE}/{{id}}/export": _get("exportJourney", {"text/csv": {}}, "format", "from", "to", "zone"),
    f"{_BASE}/{{id}}/activities/export": _get(
        "exportActivities", {"text/csv": {}}, "format", "type", "customer_id", "from", "to"
    ),
}
