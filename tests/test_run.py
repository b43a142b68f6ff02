"""The first run: what is installed when, and what a killed install leaves behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import run


class Installer:
    """Stands in for uv and pip: keeps what was asked, makes the interpreter that `venv` would make."""

    def __init__(self, root: Path, failing: str = ""):
        self.root, self.failing = root, failing
        self.calls: list[str] = []

    def __call__(self, argv: list[str], env: dict[str, str]) -> tuple[int, str]:
        said = " ".join(argv)
        self.calls.append(said)
        if self.failing and self.failing in said:
            return 1, "no route to host"
        python = run.python_of(self.root / ".venv")
        python.parent.mkdir(parents=True, exist_ok=True)
        python.touch()
        return 0, ""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with two locks, on a machine without uv."""
    (tmp_path / run.PRODUCT_LOCK).write_text("one==1 --hash=sha256:a\n")
    (tmp_path / run.TEST_LOCK).write_text("one==1 --hash=sha256:a\ntwo==2 --hash=sha256:b\n")
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def add_uv(root: Path) -> None:
    uv = root / "bin" / ("uv.exe" if os.name == "nt" else "uv")
    uv.touch(mode=0o755)


def test_the_first_start_makes_an_environment_and_installs_by_hash(root: Path):
    installer = Installer(root)
    run.prepare(root, run.PRODUCT_LOCK, installer)
    made, filled = installer.calls
    assert made.endswith(f"-m venv {root / '.venv'}")
    assert "--require-hashes" in filled and filled.endswith(str(root / run.PRODUCT_LOCK))


def test_the_second_start_calls_no_installer(root: Path):
    run.prepare(root, run.PRODUCT_LOCK, Installer(root))
    second = Installer(root)
    run.prepare(root, run.PRODUCT_LOCK, second)
    assert second.calls == []


def test_a_changed_lock_is_installed_over_the_old_one(root: Path):
    run.prepare(root, run.PRODUCT_LOCK, Installer(root))
    (root / run.PRODUCT_LOCK).write_text("one==2 --hash=sha256:c\n")
    second = Installer(root)
    run.prepare(root, run.PRODUCT_LOCK, second)
    assert len(second.calls) == 1 and "install" in second.calls[0]


def test_the_tests_environment_serves_the_product_too(root: Path):
    run.prepare(root, run.TEST_LOCK, Installer(root))
    assert run.is_ready(root, run.PRODUCT_LOCK)


def test_the_products_environment_does_not_serve_the_tests(root: Path):
    run.prepare(root, run.PRODUCT_LOCK, Installer(root))
    assert not run.is_ready(root, run.TEST_LOCK)


def test_an_install_that_was_killed_is_repeated_from_nothing(root: Path):
    class Killed(BaseException):
        pass

    def dies_at_the_end(argv: list[str], env: dict[str, str]) -> tuple[int, str]:
        if "install" in argv:
            (root / ".venv" / "half").touch()
            raise Killed
        return Installer(root)(argv, env)

    with pytest.raises(Killed):
        run.prepare(root, run.PRODUCT_LOCK, dies_at_the_end)
    again = Installer(root)
    run.prepare(root, run.PRODUCT_LOCK, again)
    assert len(again.calls) == 2
    assert not (root / ".venv" / "half").exists()


def test_another_interpreter_below_the_environment_is_noticed(root: Path):
    run.prepare(root, run.PRODUCT_LOCK, Installer(root))
    python = run.python_of(root / ".venv")
    (root / "other-python").touch()
    python.unlink()
    python.symlink_to(root / "other-python")
    assert not run.is_ready(root, run.PRODUCT_LOCK)


def test_uv_is_used_when_it_is_there(root: Path):
    add_uv(root)
    installer = Installer(root)
    run.prepare(root, run.PRODUCT_LOCK, installer)
    assert all(call.startswith(str(root / "bin" / "uv")) for call in installer.calls)
    assert "--compile-bytecode --require-hashes" in installer.calls[-1]


def test_when_uv_fails_pip_is_asked(root: Path):
    add_uv(root)
    installer = Installer(root, failing="uv pip")
    run.prepare(root, run.PRODUCT_LOCK, installer)
    assert "-m pip install" in installer.calls[-1]
    assert run.is_ready(root, run.PRODUCT_LOCK)


def test_a_failed_install_shows_its_cause_and_is_not_taken_for_done(root: Path):
    with pytest.raises(run.InstallFailed) as failure:
        run.prepare(root, run.PRODUCT_LOCK, Installer(root, failing="pip install"))
    assert not run.is_ready(root, run.PRODUCT_LOCK)
    shown = run.explain_failure(str(failure.value))
    assert "no route to host" in shown and "pip 镜像" in shown and "proxy" in shown


def test_a_damaged_stamp_counts_as_none(root: Path):
    run.prepare(root, run.PRODUCT_LOCK, Installer(root))
    (root / ".venv" / run.STAMP).write_bytes(b"\xff\xfe")
    assert run.read_stamp(root) == {}
    assert not run.is_ready(root, run.PRODUCT_LOCK)


def test_the_second_starter_waits_until_the_first_has_finished(root: Path):
    waiting = (
        "import pathlib, run, sys\n"
        "root = pathlib.Path(sys.argv[1])\n"
        "print('waiting', flush=True)\n"
        "with run.one_at_a_time(root):\n"
        "    print((root / 'finished').exists())"
    )
    argv = [sys.executable, "-c", waiting, str(root)]
    with run.one_at_a_time(root):
        child = subprocess.Popen(argv, cwd=run.ROOT, stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None and child.stdout.readline() == "waiting\n"
        (root / "finished").touch()
    assert child.communicate()[0] == "True\n"


def started(root: Path, arguments: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    """Start `arguments` as run.py would, in an environment that is this interpreter."""
    python = run.python_of(root / ".venv")
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    code = f"import pathlib, run, sys; sys.exit(run.start(pathlib.Path({str(root)!r}), {arguments!r}))"
    env = {**os.environ, "PYTHONPATH": str(run.ROOT)}
    return subprocess.run([sys.executable, "-c", code], cwd=cwd, env=env, capture_output=True, text=True)


def test_a_command_keeps_its_arguments_its_folder_and_its_exit_code(root: Path, tmp_path: Path):
    (root / "connector").mkdir()
    product = "import os, sys\nprint(sys.argv[1:], os.getcwd())\nsys.exit(3)\n"
    (root / "connector" / "__main__.py").write_text(product)
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "connector").mkdir(parents=True)
    outcome = started(root, ["plan", "--company", "my company"], elsewhere)
    assert outcome.stdout == f"['plan', '--company', 'my company'] {elsewhere}\n"
    assert outcome.returncode == 3


def test_what_an_installer_says_is_kept_for_its_failure():
    code, said = run.run_quietly(
        [sys.executable, "-c", "import sys; print('why'); sys.exit(3)"], dict(os.environ)
    )
    assert (code, said.strip()) == (3, "why")


def test_an_installer_that_cannot_start_is_a_failure_like_another(tmp_path: Path):
    code, said = run.run_quietly([str(tmp_path / "nothing")], dict(os.environ))
    assert code != 0 and said != ""


def test_a_console_without_chinese_still_gets_its_line(monkeypatch: pytest.MonkeyPatch):
    import io

    console = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stderr", console)
    run.say("正在 preparing")
    assert console.buffer.getvalue() == b"?? preparing"


def test_the_starter_needs_the_standard_library_only():
    code = "import sys, run; print([m for m in sys.modules.values() if 'site-packages' in str(m)])"
    outcome = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=run.ROOT, capture_output=True, text=True, check=True
    )
    assert outcome.stdout.strip() == "[]"
