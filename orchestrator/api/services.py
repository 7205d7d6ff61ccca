"""What the handlers work with: one of each per process, made by ``build_app``."""

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends
from starlette.requests import Request

from orchestrator.api.database import Database
from orchestrator.api.relay import Relay
from orchestrator.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """The parts behind the API."""

    settings: Settings
    database: Database
    relay: Relay


def _services(request: Request) -> Services:
    return cast(Services, request.app.state.services)


ServicesOfApp = Annotated[Services, Depends(_services)]
