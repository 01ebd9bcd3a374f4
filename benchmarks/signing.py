"""How long 60 presigned view addresses take: ours, botocore's signer, boto3's call.

python -m benchmarks.signing
"""

import argparse
from urllib.parse import quote

import boto3
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials as TheirCredentials

from benchmarks.measuring import Row, in_turns, ms, table
from catalog.keys import image_id, thumbnail_key
from catalog.storage.s3_address import S3Address
from webapp.s3_credentials import Credentials
from webapp.s3_signing import Presigner
from webapp.s3_urls import S3Urls

COUNT = 60
OWED_SECONDS = 0.003
REGION = "eu-west-1"
# The shape of what Lambda has: a token of about a kilobyte.
KEYS = Credentials(
    "ASIAEXAMPLEEXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLE", "IQoJb3JpZ2lu/+" * 75
)
PICTURES = [f"uploads/2026/11/IMG_{number:04} süß-3fa9c1d2.jpg" for number in range(COUNT)]


def main() -> None:
    """Print one row against what is owed, and what the usual ways take."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=50)
    repeats = parser.parse_args().repeats
    address = S3Address.of("pictures", REGION)
    urls = S3Urls(Presigner(address, lambda: KEYS))
    their_keys = TheirCredentials(KEYS.access_key, KEYS.secret_key, KEYS.token)
    client = boto3.client(
        "s3",
        region_name=REGION,
        aws_access_key_id=KEYS.access_key,
        aws_secret_access_key=KEYS.secret_key,
        aws_session_token=KEYS.token,
        config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}),
    )
    ids = [(image_id(key), key) for key in PICTURES]

    def ours() -> None:
        for public_id, key in ids:
            urls.thumbnail_of(public_id, key, "d41d8cd98f00b204", 320)

    def bare() -> None:
        for _, key in ids:
            url = f"{address.origin}/{quote(thumbnail_key(key, 320), safe='/~')}"
            S3SigV4QueryAuth(their_keys, "s3", REGION, 7200).add_auth(AWSRequest("GET", url))

    def call() -> None:
        for _, key in ids:
            asked = {"Bucket": "pictures", "Key": thumbnail_key(key, 320)}
            client.generate_presigned_url("get_object", asked, ExpiresIn=7200)

    found = in_turns(ours, bare, call, repeats=repeats)
    print(f"{COUNT} addresses: ours {ms(found[0])}, botocore's signer {ms(found[1])}, "
          f"boto3's call {ms(found[2])}\n")  # fmt: skip
    what = f"{COUNT} view addresses signed"
    owed = f"{OWED_SECONDS * 1000:g} ms"
    print(table([Row(what, owed, ms(found[0]), found[0] / OWED_SECONDS, 1.0)]))


if __name__ == "__main__":
    main()
