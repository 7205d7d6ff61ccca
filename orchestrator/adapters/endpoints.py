"""The endpoints of the webhook adapter: names that journeys use, and where they lead. Nobody else is ever called."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, HttpUrl, SecretStr, TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from orchestrator.errors import ConfigurationError
from orchestrator.messages.standard_webhook import secret_bytes

Name = Annotated[str, Field(min_length=1, max_length=100)]


def _a_secret(value: object) -> object:
    if isinstance(value, str):
        secret_bytes(value)  # raises what pydantic reports
    return value


Secret = Annotated[SecretStr, BeforeValidator(_a_secret)]


class Endpoint(BaseModel):
    """Where a name leads. ``previous_secret`` signs beside ``secret``, while the other side changes over."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: HttpUrl
    secret: Secret
    previous_secret: Secret | None = None

    @property
    def keys(self) -> list[bytes]:
        """The keys that sign."""
        secrets = [self.secret] if self.previous_secret is None else [self.secret, self.previous_secret]
        return [secret_bytes(each.get_secret_value()) for each in secrets]


_ENDPOINTS: TypeAdapter[dict[Name, Endpoint]] = TypeAdapter(dict[Name, Endpoint])


def read_endpoints(file: Path | None) -> Mapping[str, Endpoint]:
    """The endpoints in a YAML file: ``name: {url: https://…, secret: whsec_…}``.

    Raises:
        ConfigurationError: naming everything that is wrong with it.
    """
    if file is None:
        raise ConfigurationError("starting the webhook adapter: ORCHESTRATOR_WEBHOOK_ENDPOINTS_FILE must be set")
    try:
        return _ENDPOINTS.validate_python(YAML(typ="safe").load(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise ConfigurationError(f"reading the endpoints in {file}: {type(error).__name__}") from error
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise ConfigurationError(f"reading the endpoints in {file}: {problems}") from error
