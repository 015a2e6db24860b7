"""Settings come from one place, once, and say what is wrong with them."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import TYPE_CHECKING

import pytest

from quaymeter.settings import Settings, known_variables, with_password
from telemetry.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path


def test_defaults_need_no_environment() -> None:
    """Without any variable every setting has its default, and the record is frozen."""
    settings = Settings.load({})
    assert settings.broker_host == "127.0.0.1"
    assert settings.port_of_broker == 1883
    with pytest.raises(FrozenInstanceError):
        settings.broker_port = 1  # type: ignore[misc]  # that it is refused is the point


def test_variables_are_converted() -> None:
    """Text from the environment becomes the type of the setting."""
    settings = Settings.load(
        {"QUAYMETER_BROKER_TLS": "yes", "QUAYMETER_SITES": "capecure, other", "QUAYMETER_API_PORT": "9000"}
    )
    assert settings.broker_tls is True
    assert settings.port_of_broker == 8883
    assert settings.sites == ("capecure", "other")
    assert settings.api_port == 9000


def test_an_option_wins_over_the_environment() -> None:
    """What is said on the command line counts, unless nothing is said."""
    environ = {"QUAYMETER_API_PORT": "9000"}
    assert Settings.load(environ, api_port=9001).api_port == 9001
    assert Settings.load(environ, api_port=None).api_port == 9000


def test_secrets_come_from_files(tmp_path: Path) -> None:
    """A secret in a file loses its line break and reaches the DSN escaped."""
    secret = tmp_path / "password"
    secret.write_text("p@ss/word\n")
    settings = Settings.load(
        {"QUAYMETER_DSN": "postgresql://writer@db:5433/quaymeter", "QUAYMETER_DSN_PASSWORD_FILE": str(secret)}
    )
    assert settings.conninfo == "postgresql://writer:p%40ss%2Fword@db:5433/quaymeter"


def test_password_in_key_value_form() -> None:
    """A quote in a password cannot end the value of a key=value DSN."""
    assert with_password("host=db user=w", r"a'b\c") == r"host=db user=w password='a\'b\\c'"


@pytest.mark.parametrize(
    ("environ", "place", "words"),
    [
        ({"QUAYMETER_API_PORT": "eighty"}, "QUAYMETER_API_PORT", "not a whole number"),
        ({"QUAYMETER_API_PORT": "70000"}, "QUAYMETER_API_PORT", "out of bounds"),
        ({"QUAYMETER_GATEWAY_WRITERS": "0"}, "QUAYMETER_GATEWAY_WRITERS", "out of bounds"),
        ({"QUAYMETER_BROKER_TLS": "perhaps"}, "QUAYMETER_BROKER_TLS", "neither true nor false"),
        ({"QUAYMETER_GATEWAY_CLIENT": "fast"}, "QUAYMETER_GATEWAY_CLIENT", "not a choice"),
        ({"QUAYMETER_BROKER_PASWORD": "x"}, "QUAYMETER_BROKER_PASWORD", "no such setting"),
        ({"QUAYMETER_DSN_FILE": "/nowhere/dsn"}, "QUAYMETER_DSN_FILE", "cannot read"),
        ({"QUAYMETER_DSN": "a", "QUAYMETER_DSN_FILE": "b"}, "QUAYMETER_DSN", "is set as well"),
    ],
)
def test_a_wrong_setting_is_explained(environ: dict[str, str], place: str, words: str) -> None:
    """The error names the variable, the cause and a cure."""
    with pytest.raises(ConfigurationError) as caught:
        Settings.load(environ)
    assert caught.value.place == place
    assert words in caught.value.cause
    assert caught.value.cure


def test_a_mistyped_name_is_recognised() -> None:
    """The cure of an unknown setting is the known one that looks like it."""
    with pytest.raises(ConfigurationError, match="QUAYMETER_BROKER_PASSWORD"):
        Settings.load({"QUAYMETER_BROKER_PASWORD": "x"})


def test_the_tests_own_variables_are_let_through() -> None:
    """A test database in the environment does not stop a process."""
    Settings.load({"QUAYMETER_TEST_DSN": "postgresql://…"})


def test_no_database_is_an_error_only_where_one_is_needed() -> None:
    """The settings load without a DSN; asking for it says which variable is missing."""
    settings = Settings.load({})
    with pytest.raises(ConfigurationError) as caught:
        _ = settings.conninfo
    assert caught.value.place == "QUAYMETER_DSN"


@pytest.mark.parametrize("dsn", ["postgresql://w:one@db/q", "host=db password=one"])
def test_two_passwords_are_refused(dsn: str) -> None:
    """A password in the DSN and one beside it: nobody could know which counts."""
    with pytest.raises(ConfigurationError, match="another one"):
        _ = Settings.load({"QUAYMETER_DSN": dsn, "QUAYMETER_DSN_PASSWORD": "two"}).conninfo


def test_every_variable_is_its_own() -> None:
    """No setting's file variable is the name of another setting."""
    names = [name for name, _ in known_variables()]
    assert len(names) == len(set(names))
