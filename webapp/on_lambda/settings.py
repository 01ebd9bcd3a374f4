"""What the web function reads from its environment, beside what every web app does."""

from pydantic import Field, SecretStr, ValidationError

from catalog.errors import SettingsError
from catalog.settings import settings_error
from webapp.origins import is_trustworthy
from webapp.settings import WebSettings

NEEDED = {
    "PUBLIC_URL": "public_url",
    "BUCKET_NAME": "bucket_name",
    "CATALOG_URL": "catalog_url",
    "TAG_QUEUE_URL": "tag_queue_url",
}


class LambdaSettings(WebSettings):
    """The settings of the web function; `template.yaml` sets them."""

    bucket_name: str = Field(
        default="",
        validation_alias="BUCKET_NAME",
        description="The bucket that holds uploads/ and metadata/.",
    )
    catalog_url: str = Field(
        default="",
        validation_alias="CATALOG_URL",
        description="Where the catalog is: dsql://<endpoint> or postgresql://…",
    )
    tag_queue_url: str = Field(
        default="",
        validation_alias="TAG_QUEUE_URL",
        description="The queue of the tagger, for what people want tagged again.",
    )
    origin_secret: SecretStr = Field(
        default=SecretStr(""),
        validation_alias="ORIGIN_SECRET",
        description="What CloudFront sends as x-taglight-origin; who comes without it is refused. "
        "Several, separated by commas, while it is changed.",
    )

    @property
    def origin_secrets(self) -> tuple[str, ...]:
        """The secrets that prove that a request came through CloudFront."""
        parts = self.origin_secret.get_secret_value().split(",")
        return tuple(part.strip() for part in parts if part.strip())


def lambda_settings() -> LambdaSettings:
    """Read the settings. Raises SettingsError where the function would be open, or no use."""
    try:
        settings = LambdaSettings()
    except ValidationError as error:
        raise settings_error(error) from error
    if not settings.needs_sign_in:
        raise SettingsError(
            "On Lambda a sign-in is needed: set OIDC_ISSUER and OIDC_CLIENT_ID. Until then nothing "
            "is answered."
        )
    missing = [name for name, field in NEEDED.items() if not getattr(settings, field)]
    if missing:
        raise SettingsError(f"Not set: {', '.join(missing)}. Until then nothing is answered.")
    if not is_trustworthy(settings.public_url):
        raise SettingsError("PUBLIC_URL is an https address: sessions travel over TLS alone.")
    return settings
