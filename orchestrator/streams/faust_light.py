"""Loads Faust without its HTTP client, which nothing here uses: aiohttp is a sixth of what a worker loads.

Of aiohttp Faust's core needs one name, for an annotation and the default of a setting (``HttpClient``, which
``faust_app.py`` sets). While Faust is loaded a stand-in has it; afterwards aiohttp can be loaded as ever.
"""

import sys
from importlib import import_module
from types import ModuleType


class NoHttpClient:
    """In the place of ``aiohttp.client.ClientSession``."""


def load_faust() -> None:
    """To be called before anything imports Faust, or it has no effect."""
    if "aiohttp" in sys.modules:
        return
    package, client = ModuleType("aiohttp"), ModuleType("aiohttp.client")
    client.ClientSession = NoHttpClient  # type: ignore[attr-defined]
    sys.modules |= {"aiohttp": package, "aiohttp.client": client}
    try:
        import_module("faust.types.web")
    finally:
        del sys.modules["aiohttp"], sys.modules["aiohttp.client"]
