"""Where a bucket's objects are found on the web. Pure: nothing of boto3 is needed to know it."""

import ipaddress
import os
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class S3Address:
    """One bucket as browsers see it: `origin` is scheme and host, `base` what precedes the key."""

    origin: str
    base: str
    region: str

    @classmethod
    def of(cls, bucket: str, region: str = "", endpoint: str = "") -> "S3Address":
        """Return the address of a bucket in a region, or at another S3-compatible endpoint."""
        region = region or DEFAULT_REGION
        if endpoint:
            parts = urlsplit(endpoint)
            if needs_path(endpoint, bucket):
                base = f"{parts.path.rstrip('/')}/{quote(bucket)}/"
                return cls(f"{parts.scheme}://{parts.netloc}", base, region)
            origin = f"{parts.scheme}://{bucket}.{parts.netloc}"
            return cls(origin, parts.path.rstrip("/") + "/", region)
        domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        if "." in bucket:  # the certificate covers one level of names
            return cls(f"https://s3.{region}.{domain}", f"/{bucket}/", region)
        return cls(f"https://{bucket}.s3.{region}.{domain}", "/", region)

    @property
    def host(self) -> str:
        """Return host and port, as the Host header holds them."""
        return self.origin.partition("://")[2]

    def path(self, key: str) -> str:
        """Return the path of an object, encoded as it is signed and sent."""
        return self.base + quote(key, safe="/~")


def needs_path(endpoint: str, bucket: str = "") -> bool:
    """Tell whether the bucket belongs into the path: all but Amazon's and `localhost` names do.

    Not every S3-compatible store has names for its buckets, but every one knows their paths.
    """
    host = urlsplit(endpoint).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        known = host.endswith((".amazonaws.com", ".amazonaws.com.cn")) or host == "localhost"
        return not known or "." in bucket
    return True


def region_of_environment() -> str:
    """Return the region that the environment names, "" for none."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""


def endpoint_of_environment() -> str:
    """Return the S3 endpoint that the environment names instead of Amazon's, "" for none."""
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""


def address_of_environment(bucket: str, region: str = "") -> S3Address:
    """Return the address of a bucket with region and endpoint as the environment names them.

    `region` is for where the environment names none.
    """
    return S3Address.of(bucket, region_of_environment() or region, endpoint_of_environment())
