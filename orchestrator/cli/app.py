"""What the program does first. Customers wait while a worker starts, so nothing is loaded that it does not need.

The library of the command line and the other commands are a third of what a worker would load.
"""

import os
import signal
import sys

from orchestrator.errors import OrchestratorError


def main() -> None:
    """Runs a command; an error of the program is one clear line and an exit code, never a stack trace."""
    if os.getpid() == 1:
        # The first process of a container gets no signal that it does not take, so it could not be stopped while it
        # loads, or waits for a server. Worker, sink and API take this one themselves as soon as they run.
        signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        if sys.argv[1:] == ["worker"]:
            run_worker()
        else:
            from orchestrator.cli.commands import app

            app()
    except OrchestratorError as error:
        from orchestrator.cli.show import err, plain

        said = "\n".join(map(plain, str(error).splitlines()))
        err.print(f"orchestrator: {said}", style="bold red", highlight=False, markup=False, soft_wrap=True)
        sys.exit(error.exit_code)


def run_worker() -> None:
    """Runs a worker until it is told to stop.

    Raises:
        ConfigurationError, Unavailable: it could not be started.
    """
    from orchestrator.streams.faust_light import load_faust

    load_faust()
    from orchestrator.configuration.variables import warn_of_unknown
    from orchestrator.settings import load_settings
    from orchestrator.streams.app import run
    from orchestrator.telemetry.log import set_up_logging

    settings = load_settings()
    set_up_logging(settings)
    warn_of_unknown()
    run(settings)
