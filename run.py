"""First run: makes `.venv`, installs the hash-locked requirements once, then starts what was asked for.

    python3 run.py demo         any command of the product
    python3 run.py test [args]  the tests; what follows is passed to pytest

Promises: needs nothing but Python 3.11 and its standard library; a second start calls no installer; an
install that was killed is repeated; standard output belongs to the command alone.
Never: settings, knowledge of the product, a name of a package or a registry.
"""

import contextlib
import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

OLDEST_PYTHON = (3, 11)
NEWER_NAMES = ("python3.14", "python3.13", "python3.12", "python3.11")

if sys.version_info < OLDEST_PYTHON:  # everything below may use words that an older Python cannot run
    import shutil

    found = "{}.{}".format(*sys.version_info[:2])
    sys.stderr.write(
        f"需要 Python 3.11 或更高版本，当前为 {found}。\n"
        f"Python 3.11 or newer is needed; this one is {found} ({sys.executable}).\n"
    )
    for name in NEWER_NAMES:
        if shutil.which(name):
            sys.stderr.write(f"请改用 / use instead: {name} {' '.join(sys.argv)}\n")
            break
    sys.exit(1)

ROOT = Path(__file__).resolve().parent
PRODUCT_LOCK = "requirements.lock"
TEST_LOCK = "requirements-test.lock"  # holds everything of the product's lock, and the tests' own
STAMP = "connector-stamp"
# Lines of an installer's output that are shown when it fails: enough for the cause, short enough to read.
SHOWN_LINES = 15


# Takes a command and an environment; gives the exit code and what was said.
Installer = Callable[[list[str], dict[str, str]], tuple[int, str]]


class InstallFailed(Exception):
    """No installer could finish; the text is what the last one said."""


def python_of(venv: Path) -> Path:
    """Where the interpreter of a virtual environment lies on this system."""
    return venv / "Scripts" / "python.exe" if os.name == "nt" else venv / "bin" / "python"


def stamp_for(root: Path, locks: tuple[str, ...]) -> dict[str, str]:
    """What the stamp says once `locks` are installed: the real interpreter, and a hash for each lock."""
    stamp = {"python": os.path.realpath(python_of(root / ".venv"))}
    for lock in locks:
        stamp[lock] = hashlib.sha256((root / lock).read_bytes()).hexdigest()
    return stamp


def read_stamp(root: Path) -> dict[str, str]:
    """The stamp as it stands; empty when there is none or it cannot be read."""
    try:
        lines = (root / ".venv" / STAMP).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    return {key: rest for key, _, rest in (line.partition(" ") for line in lines)}


def write_stamp(root: Path, stamp: dict[str, str]) -> None:
    """Written in one step and last of all, so that a stamp always means a finished install."""
    path = root / ".venv" / STAMP
    fresh = path.with_suffix(".new")
    fresh.write_text("".join(f"{key} {rest}\n" for key, rest in stamp.items()), encoding="utf-8")
    os.replace(fresh, path)


def is_ready(root: Path, lock: str) -> bool:
    """True when `lock`, as it reads now, is what was installed, for the interpreter that is still there."""
    wanted = stamp_for(root, (lock,))
    stamp = read_stamp(root)
    return python_of(root / ".venv").exists() and all(stamp.get(key) == rest for key, rest in wanted.items())


@contextlib.contextmanager
def one_at_a_time(root: Path) -> Iterator[None]:
    """Hold the install lock; the system frees it when its holder and any installer left behind are gone."""
    with open(root / ".venv.lock", "a+b") as file:
        if os.name == "nt":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            os.set_inheritable(file.fileno(), True)  # an installer outlives the one who started it
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def run_quietly(argv: list[str], env: dict[str, str]) -> tuple[int, str]:
    """Run an installer, showing the seconds on a terminal; its exit code and what it said."""
    import subprocess
    import tempfile
    import time

    shows_seconds = sys.stderr.isatty()
    started = time.monotonic()
    with tempfile.TemporaryFile() as said:
        try:
            child = subprocess.Popen(
                argv,
                stdout=said,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=env,
                close_fds=False,
            )
        except OSError as error:
            return 127, str(error)
        try:
            while True:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(timeout=1)
                    break
                if shows_seconds:
                    say(f"\r{PREPARING} {time.monotonic() - started:.0f} s ")
        finally:
            if child.poll() is None:
                child.terminate()
                child.wait()
        said.seek(0)
        return child.returncode, said.read().decode("utf-8", "replace")


PREPARING = "正在准备运行环境（仅首次或依赖变更后）/ preparing the environment (first run or new lock) …"


def say(text: str) -> None:
    """Standard error, so that `--json` output stays clean; never fails on a console without Chinese."""
    encoding = sys.stderr.encoding or "ascii"
    sys.stderr.write(text.encode(encoding, "replace").decode(encoding))
    sys.stderr.flush()


def remove_venv(venv: Path) -> None:
    """Take away whatever stands at `.venv`; a link is unlinked, never followed."""
    import shutil

    if venv.is_symlink() or venv.is_file():
        venv.unlink()
    elif venv.exists():
        shutil.rmtree(venv)


def uv_steps(root: Path, lock: str, is_fresh: bool) -> list[list[str]]:
    """The commands with uv, when it is on the PATH; else none."""
    import shutil

    uv = shutil.which("uv")
    if uv is None:
        return []
    venv = root / ".venv"
    make = [uv, "venv", "--quiet", "--python", base_python(), str(venv)]
    fill = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--require-hashes"]
    fill += ["--python", str(python_of(venv)), "-r", str(root / lock)]
    return [make, fill] if is_fresh else [fill]


def pip_steps(root: Path, lock: str, is_fresh: bool) -> list[list[str]]:
    """The commands with the standard library's venv and pip (which compiles bytecode by itself)."""
    venv = root / ".venv"
    make = [base_python(), "-m", "venv", str(venv)]
    fill = [str(python_of(venv)), "-m", "pip", "install", "--quiet", "--no-input"]
    fill += ["--disable-pip-version-check", "--require-hashes", "-r", str(root / lock)]
    return [make, fill] if is_fresh else [fill]


def base_python() -> str:
    """The interpreter below any virtual environment: the one that started this may be about to go."""
    return str(getattr(sys, "_base_executable", None) or sys.executable)


def install(root: Path, lock: str, run: Installer = run_quietly) -> None:
    """Install `lock`: in place over a finished environment, else from nothing; uv first, then pip.

    Raises InstallFailed with the last output.
    """
    venv = root / ".venv"
    is_fresh = read_stamp(root).get("python") != os.path.realpath(python_of(venv))
    with contextlib.suppress(FileNotFoundError):
        (venv / STAMP).unlink()
    env = dict(os.environ)
    env.pop("PYTHONPATH", None)
    env.setdefault("UV_SYSTEM_CERTS", "true")  # a company's own certificate authority counts for uv too
    output = ""
    for steps in (uv_steps, pip_steps):
        argvs = steps(root, lock, is_fresh)
        if not argvs:
            continue
        if is_fresh:
            remove_venv(venv)
        for argv in argvs:
            code, output = run(argv, env)
            if code != 0:
                break
        else:
            locks = (PRODUCT_LOCK, TEST_LOCK) if lock == TEST_LOCK else (PRODUCT_LOCK,)
            write_stamp(root, stamp_for(root, locks))
            return
        is_fresh = True  # what a failed installer left behind is not built upon
    raise InstallFailed(output)


def prepare(root: Path, lock: str, run: Installer = run_quietly) -> None:
    """Have `lock` installed when this returns; nothing is called when it already is."""
    if is_ready(root, lock):
        return
    say(PREPARING)
    with one_at_a_time(root):
        if not is_ready(root, lock):
            install(root, lock, run)
    say("\n")


def explain_failure(output: str) -> str:
    """The end of what the installer said, and how to mend it."""
    tail = "\n".join(output.strip().splitlines()[-SHOWN_LINES:])
    advice = (
        "安装依赖失败。请检查网络、代理或 pip 镜像设置后重新运行同一命令。\n"
        "Installing the requirements failed. Check the network, the proxy or pip's index setting, "
        "then run the same command again."
    )
    if "ensurepip" in output:
        advice += "\n缺少 venv 模块，请安装 python3-venv / the venv module is missing: install python3-venv."
    return f"\n{tail}\n\n{advice}\n"


def start(root: Path, arguments: list[str]) -> int:
    """Become the tests or the product; on Windows, wait for it and pass its exit code on."""
    python = str(python_of(root / ".venv"))
    env = {**os.environ, "PYTHONPATH": str(root), "CONNECTOR_STARTED_AS": f"python3 {sys.argv[0]}"}
    if arguments[:1] == ["test"]:
        os.chdir(root)
        argv = [python, "-P", "-m", "pytest", *arguments[1:]]
    else:
        argv = [python, "-P", "-m", "connector", *arguments]
    sys.stdout.flush()
    if os.name != "nt":
        os.execve(python, argv, env)
    import subprocess

    return subprocess.call(argv, env=env)


def main(arguments: list[str]) -> int:
    """Prepare, then start; 1 when preparing failed, 130 when it was interrupted."""
    try:
        prepare(ROOT, TEST_LOCK if arguments[:1] == ["test"] else PRODUCT_LOCK)
    except InstallFailed as failure:
        say(explain_failure(str(failure)))
        return 1
    except KeyboardInterrupt:
        say("\n")
        return 130
    return start(ROOT, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
