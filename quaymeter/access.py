"""Who may do what at the broker, made from the site file: mosquitto's access list and password file.

A device is a user of its own name. It writes only on the branches of its own assets, and reads only its commands and
its receipts; the gateway checks the same again.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import TYPE_CHECKING

from telemetry.topics import ROOT, SPARKPLUG_ROOT, TopicKind, receipt_topic, topic_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from telemetry.site import Site

GATEWAY_USER = "gateway"
HEALTH_USER = "health"
REPLAY_USER = "replay"  # brings recorded data in for any device: for whoever installs, not for a device
SIMULATED_SOURCE = "simulated-port"  # what `quaymeter simulate live` is called; it goes by the same user
DATABASE_SECRETS = ("database_owner", "database_writer", "database_app", "database_reader")
BROKER_SECRETS = ("broker_gateway", "broker_health", "broker_replay")
API_SECRETS = ("api_write_token",)
DEVICE_FOLDER = "devices"
_WRITTEN = (TopicKind.TELEMETRY, TopicKind.EVENT, TopicKind.STATUS, TopicKind.META)

# mosquitto's own scheme 7: PBKDF2 with SHA-512
_ITERATIONS = 10_000
_SALT_BYTES = 12
_KEY_BYTES = 64


def access_list(site: Site) -> str:
    """Return mosquitto's access list for a site: what is not written here is refused."""
    lines = [
        f"# Access list of {site.id}, made by `quaymeter site acl`; make it again when the site file changes.",
        *_block(GATEWAY_USER, _gateway_rules(site)),
        *_block(HEALTH_USER, ["topic read $SYS/broker/uptime"]),
        *_block(REPLAY_USER, _replay_rules(site)),
    ]
    for device in devices(site):
        lines += _block(device, _device_rules(site, device))
    return "\n".join(lines) + "\n"


def devices(site: Site) -> list[str]:
    """Return the devices of a site, sorted."""
    return sorted({asset.device for asset in site.assets})


def _block(user: str, rules: list[str]) -> list[str]:
    return ["", f"user {user}", *rules]


def _gateway_rules(site: Site) -> list[str]:
    rules = [f"topic read {ROOT}/{site.id}/#", f"topic write {ROOT}/{site.id}/+/receipt"]
    # What mosquitto tells about itself, for `quaymeter doctor`.
    rules += ["topic read $SYS/broker/version", "topic read $SYS/broker/publish/messages/dropped"]
    rules += [f"topic read {topic}" for topic in sorted(site.plain_topics)]
    for group in sorted({node.partition("/")[0] for node in site.sparkplug}):
        rules += [f"topic read {SPARKPLUG_ROOT}/{group}/#", f"topic write {SPARKPLUG_ROOT}/{group}/NCMD/#"]
    return rules


def _replay_rules(site: Site) -> list[str]:
    rules = [f"topic write {ROOT}/{site.id}/+/+/{kind}" for kind in (TopicKind.TELEMETRY, TopicKind.EVENT)]
    return [*rules, *(f"topic read {receipt_topic(site.id, name)}" for name in (REPLAY_USER, SIMULATED_SOURCE))]


def _device_rules(site: Site, device: str) -> list[str]:
    own = {asset.key for asset in site.assets if asset.device == device}
    rules = [f"topic read {receipt_topic(site.id, device)}"]
    for asset in sorted(own):
        rules += [f"topic write {topic_of(site.id, asset, kind)}" for kind in _WRITTEN]
        rules.append(f"topic read {topic_of(site.id, asset, TopicKind.CMD)}")
    rules += [
        f"topic write {topic}" for topic, key in sorted(site.plain_topics.items()) if key.rpartition("/")[0] in own
    ]
    for node in sorted(name for name, asset in site.sparkplug.items() if asset in own):
        rules += _sparkplug_rules(node)
    return rules


def _sparkplug_rules(name: str) -> list[str]:
    """Return the rules of a Sparkplug edge node, `group/node` or `group/node/device`."""
    group, node, *_ = name.split("/")
    sent = ("NBIRTH", "NDEATH", "NDATA")
    rules = [f"topic write {SPARKPLUG_ROOT}/{group}/{kind}/{node}" for kind in sent]
    rules += [f"topic write {SPARKPLUG_ROOT}/{group}/D{kind[1:]}/{node}/+" for kind in sent]
    rules.append(f"topic read {SPARKPLUG_ROOT}/{group}/NCMD/{node}")
    return rules


def make_secrets(site: Site, directory: Path) -> Iterator[tuple[str, bool]]:
    """Write every password that is not there yet, and the broker's files; yields (name, whether it is new).

    A password that is there stays as it is, so this may be run again after the site file has grown. The directory is
    closed to other users of the machine; the files in it are readable, because containers read them as other users.
    """
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    (directory / DEVICE_FOLDER).mkdir(exist_ok=True)
    for name in DATABASE_SECRETS + BROKER_SECRETS + API_SECRETS:
        yield name, _keep_or_make(directory / name)
    users = {user: directory / f"broker_{user}" for user in (GATEWAY_USER, HEALTH_USER, REPLAY_USER)}
    for device in devices(site):
        users[device] = directory / DEVICE_FOLDER / device
        yield f"{DEVICE_FOLDER}/{device}", _keep_or_make(users[device])
    passwords = {user: path.read_text(encoding="utf-8").strip() for user, path in users.items()}
    yield "broker_passwords", _write_if_new(directory / "broker_passwords", _password_file(directory, passwords))
    yield "broker_acl", _write_if_new(directory / "broker_acl", access_list(site))


def _keep_or_make(path: Path) -> bool:
    """Write a new password of 192 bits where there is none."""
    if path.exists():
        return False
    path.write_text(secrets.token_urlsafe(24) + "\n", encoding="utf-8")
    return True


def _write_if_new(path: Path, text: str) -> bool:
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.write_text(text, encoding="utf-8")
    return True


def _password_file(directory: Path, passwords: Mapping[str, str]) -> str:
    """Return the password file; a line whose password is unchanged stays as it is."""
    former = directory / "broker_passwords"
    lines = former.read_text(encoding="utf-8").splitlines() if former.exists() else []
    known = dict(line.partition(":")[::2] for line in lines)
    return "".join(
        f"{user}:{known[user] if matches(known.get(user, ''), password) else hashed(password)}\n"
        for user, password in passwords.items()
    )


def hashed(password: str, salt: bytes | None = None, iterations: int = _ITERATIONS) -> str:
    """Return a password as mosquitto keeps it: `$7$iterations$salt$key`."""
    salt = secrets.token_bytes(_SALT_BYTES) if salt is None else salt
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, iterations, _KEY_BYTES)
    return f"$7${iterations}${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"


def matches(stored: str, password: str) -> bool:
    """Say whether a stored line is of this password."""
    parts = stored.split("$")
    if len(parts) != 5 or parts[1] != "7":
        return False
    again = hashed(password, base64.b64decode(parts[3]), int(parts[2]))
    return secrets.compare_digest(again, stored)
