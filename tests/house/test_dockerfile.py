"""The image, as far as its recipe shows it: who it runs as, what it installs, what it may write."""

import re

from tests.house.source import ROOT


def instructions() -> list[tuple[str, str]]:
    """(instruction, rest) of each line of the recipe, continued lines joined, comments left out."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    joined = "\n".join(line for line in lines if not line.startswith("#")).replace("\\\n", " ")
    return [
        (word, rest.strip())
        for word, _, rest in (line.partition(" ") for line in joined.splitlines())
        if word
    ]


def last_stage() -> list[tuple[str, str]]:
    recipe = instructions()
    start = max(number for number, (word, _) in enumerate(recipe) if word == "FROM")
    return recipe[start:]


def value_of(word: str) -> str:
    return next(rest for one, rest in last_stage() if one == word)


def test_the_image_runs_as_nobody_in_particular():
    user = value_of("USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user), (
        "a number, so that an orchestrator can tell it is not root"
    )


def test_everything_in_the_image_is_installed_by_hash():
    installs = [rest for word, rest in instructions() if word == "RUN" and "pip install" in rest]
    assert installs != []
    assert all("--require-hashes -r /build/requirements.lock" in rest for rest in installs)
    assert [rest for word, rest in instructions() if word == "ADD" or "curl" in rest or "wget" in rest] == []


def test_nothing_is_installed_in_the_last_stage():
    assert [rest for word, rest in last_stage() if word == "RUN"] == []


def test_the_image_writes_in_one_place_only():
    assert value_of("VOLUME") == '["/data"]'
    assert value_of("WORKDIR") == "/data"
    assert "PYTHONDONTWRITEBYTECODE=1" in value_of("ENV")


def test_the_image_serves_and_tells_whether_the_nights_are_well():
    assert value_of("HEALTHCHECK").endswith('CMD ["connector", "status", "--json"]')
    assert value_of("ENTRYPOINT") == '["connector"]' and value_of("CMD") == '["serve"]'
    assert value_of("STOPSIGNAL") == "SIGTERM"


def test_the_image_looks_for_its_settings_outside_of_what_it_writes():
    environment = dict(word.split("=", 1) for word in value_of("ENV").split() if "=" in word)
    assert environment["CONNECTOR_CONFIG"] == "/etc/connector/connector.yaml"
    assert environment["CONNECTOR_DATA_DIR"] == "/data"


def test_no_secret_is_built_into_the_image():
    named = [rest for word, rest in instructions() if word in ("ARG", "ENV", "COPY")]
    assert [rest for rest in named if re.search(r"secret|password|token|\.env\b", rest, re.IGNORECASE)] == []
