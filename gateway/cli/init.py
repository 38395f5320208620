"""`lamplighter init`: the files of an installation."""

from pathlib import Path

import click
import msgspec

from gateway import installation
from gateway.cli._secret_folder import fill
from gateway.errors import GatewayError
from gateway.installation import Plan
from gateway.terminal import Answer, fail

NEXT = """{folder} has the configuration, and passwords: they are for root and the service alone.
Next: include {folder}/mosquitto.conf from /etc/mosquitto/conf.d, and restart mosquitto;
  merge {folder}/chirpstack.toml into ChirpStack's, and restart it;
  write api_key and tenant_id of ChirpStack into {folder}/lamplighter.toml;
  lamplighter --config {folder}/lamplighter.toml check     # tries the broker, its ACL and the rest
The user `homeassistant` has its password in {folder}/passwords.txt."""


@click.command
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--site", required=True, help="Name of the installation, in every event.")
@click.option("--mqtt", default="127.0.0.1:1883", show_default=True, help="The broker, host:port.")
@click.option("--grpc", default="http://127.0.0.1:8080", show_default=True, help="ChirpStack's.")
@click.option("--region", default="eu868", show_default=True, help="topic_prefix of the region.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")
def init(folder: Path, site: str, mqtt: str, grpc: str, region: str, *, as_json: bool) -> None:
    """Write a configuration, and what mosquitto and ChirpStack need so that nothing is lost.

    FOLDER is made where it is missing; a file that is there is kept, and nothing is written then.
    """
    folder = folder.resolve()
    try:
        made = installation.files(
            Plan(folder=folder, site=site, mqtt=mqtt, grpc=grpc, region=region)
        )
        fill(folder, made)
    except GatewayError as error:
        fail(error, as_json=as_json)
    answer = Answer({"folder": str(folder), "files": sorted(made)}, NEXT.format(folder=folder))
    click.echo(msgspec.json.encode(answer.value).decode() if as_json else answer.text)
