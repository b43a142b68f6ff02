"""What an adapter says of itself and of its connection: manifest, form, texts, check, secrets, credential, closing."""

from __future__ import annotations

from contextlib import closing

from connector.adapters.contract import Adapter, Check, Since
from connector.errors import ConnectorError
from connector.i18n import LANGUAGES, catalog
from connector.model.tables import TABLES
from connector.testing.judging import AS_OF, Bench, NotTriedError, expect, is_said, shown

# Of one credential, whatever is asked with it: the check begins with a login of its own.
_TRIES = 2


def describes_itself(bench: Bench) -> None:
    """Manifest, mapping, form and texts are there and fit each other."""
    product, manifest = bench.product, bench.product.manifest()
    expect(manifest.adapter == product.name, repr(manifest.adapter), f"`adapter: {product.name}` in the manifest")
    expect(all(manifest.title.get(one) for one in LANGUAGES), manifest.title, f"a title in {', '.join(LANGUAGES)}")
    expect(bool(manifest.streams), "no streams", "at least one stream")
    expect(set(manifest.streams) == set(bench.mapping), sorted(bench.mapping), f"a mapping of {manifest.streams}")
    for stream, mapping in bench.mapping.items():
        needed = {name for name, one in TABLES[mapping.table].items() if one.required} - {"system", "seen_at"}
        lacking = needed - {field.target for field in mapping.fields}
        expect(not lacking, f"no {', '.join(sorted(lacking))} in the mapping of {stream}", "every required column")
    own = set(bench.adapter.manifest.streams) <= set(manifest.streams)
    expect(own, bench.adapter.manifest.streams, f"streams of the manifest: {manifest.streams}")
    _form_explains_itself(bench)
    texts = {language: product.texts(language) for language in LANGUAGES}
    keys = [set(words) for words in texts.values()]
    expect(all(one == keys[0] for one in keys), "texts whose languages differ", "the same codes in every language")


def _form_explains_itself(bench: Bench) -> None:
    form = bench.product.form()
    silent = sorted(name for name, field in form.model_fields.items() if not field.description)
    expect(not silent, f"no description of {', '.join(silent)}", "each option says what it is for")
    extra = form.model_config.get("extra")
    expect(extra == "forbid", f"extra = {extra!r}", "a form that refuses unknown options: extra='forbid'")


def check_passes(bench: Bench) -> None:
    """On a stand-in in good health every stage passes, and each has a name."""
    found = bench.adapter.check()
    failed = [f"{one.stage}: {shown(one.found)}" for one in found if not one.passed]
    expect(not failed, failed, "every stage to pass on the stand-in")
    expect([one.stage for one in found][:1] == ["reach"], [one.stage for one in found], "reach as the first stage")
    words = {language: catalog(language) for language in LANGUAGES}
    nameless = [one.stage for one in found if not is_said(f"stage.{one.stage}", words)]
    expect(not nameless, f"no words for the stages {nameless}", "stages of the text catalog")


def failures_have_a_mend(bench: Bench) -> None:
    """A check stops where it fails, says what was found, and its mend has words in every language."""
    expect("reach" in bench.trial.broken, sorted(bench.trial.broken), "a trial whose adapter cannot reach its system")
    for stage, make in bench.trial.broken.items():
        with closing(make()) as adapter:
            found = adapter.check()
        expect([one.passed for one in found].count(False) == 1, _said(found), f"one failure, at {stage}")
        last = found[-1]
        expect(not last.passed and last.stage == stage, _said(found), f"the check to stop at {stage}")
        words = {language: catalog(language) for language in LANGUAGES}
        expect(is_said(last.mend, words), f"the mend {last.mend!r} at {stage}", "a code with words in every language")


def _said(found: list[Check]) -> str:
    return "; ".join(f"{one.stage} {'passed' if one.passed else 'failed'} {shown(one.found)}" for one in found)


def secrets_stay_inside(bench: Bench) -> None:
    """No secret in what an adapter prints of itself, in a check, or in an error."""
    if not bench.trial.secrets:
        raise NotTriedError("no secrets")
    said: list[str] = []
    for make in (bench.trial.connect, *bench.trial.broken.values()):
        with closing(make()) as adapter:
            said += [repr(adapter), *(repr(value) for value in vars(adapter).values())]
            said += [f"{one.found} {one.mend}" for one in adapter.check()]
            said += _errors(adapter)
    leaked = [shown(line).replace(secret, "▇▇▇") for line in said for secret in bench.trial.secrets if secret in line]
    expect(not leaked, f"a secret in: {leaked[:3]}", "none anywhere")


def _errors(adapter: Adapter) -> list[str]:
    """What it raises when everything it has is asked for."""
    said = []
    for stream in adapter.manifest.streams:
        try:
            list(adapter.pull(stream, Since(AS_OF)))
        except ConnectorError as error:
            said.append(f"{error} {error.record} {error!r} {error.__cause__!r}")
    for sink in adapter.manifest.sinks:
        try:
            adapter.observe(sink.kind, None)
        except ConnectorError as error:
            said.append(f"{error} {error.record} {error!r} {error.__cause__!r}")
    return said


def refused_credential_is_given_up(bench: Bench) -> None:
    """A credential that was refused is not used again, whatever is asked: wrong passwords lock accounts."""
    if bench.trial.refusals is None or "login" not in bench.trial.broken:
        raise NotTriedError("no credential")
    with closing(bench.trial.broken["login"]()) as adapter:
        adapter.check()
        said = _errors(adapter)
    asked = len(adapter.manifest.streams) + len(adapter.manifest.sinks)
    expect(len(said) == asked, f"{len(said)} errors of {asked} calls", "an error of every call with this credential")
    tries = bench.trial.refusals()
    expect(1 <= tries <= _TRIES, f"{tries} tries of a refused credential", f"1 to {_TRIES}")


def closes_twice(bench: Bench) -> None:
    """Closing is harmless, before anything was asked and after it, twice."""
    with closing(bench.trial.connect()) as untouched:
        untouched.close()
    bench.adapter.check()
    bench.adapter.close()
    bench.adapter.close()
