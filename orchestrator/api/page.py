"""The dashboard: static files from ``dashboard/``, without data or key; what they show they ask the API for."""

from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse
from starlette.staticfiles import StaticFiles


def add_page(app: FastAPI) -> None:
    """Serves ``index.html`` at ``/`` and its parts below ``/dashboard/``."""
    folder = Path(str(files("orchestrator.api").joinpath("dashboard")))

    @app.get("/", include_in_schema=False)
    async def index() -> FileResponse:
        return FileResponse(folder / "index.html", media_type="text/html; charset=utf-8")

    app.mount("/dashboard", StaticFiles(directory=folder), name="dashboard")
