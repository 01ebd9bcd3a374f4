"""Build the package of one Lambda function: its code, its libraries, and nothing else.

    scripts/build_lambda.py web --into DIR                   for the target that template.yaml names
    scripts/build_lambda.py tagger --into DIR --platform host   for the Python that runs this

Wheels are fetched for the target, so this machine needs neither its processor nor its Python.
`sam build` calls this by deploy/Makefile. Sizes are printed; a package over its budget is refused.
"""

import argparse
import compileall
import os
import py_compile
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

try:
    from pip._vendor.packaging.requirements import Requirement
except ImportError:
    sys.exit("This Python has no pip of its own: run `make setup` first, and build again.")

ROOT = Path(__file__).resolve().parent.parent
MEGABYTE = 1_000_000
# The service models of botocore that the functions call, or that finding credentials may need.
SERVICES = frozenset({"dsql", "rekognition", "s3", "sqs", "sso", "sso-oidc", "sts"})
# Directories of libraries that only their own developers need.
IDLE = frozenset({"__pycache__", "tests", "testing", "include", "examples"})
IDLE_BUT_IMPORTED = ("numpy/testing",)
GLIBC = (34, 31, 28, 27, 26, 24, 17)  # Amazon Linux 2023 has 2.34, and runs what older ones do


@dataclass(frozen=True, slots=True)
class Package:
    """What one function carries; budgets in megabytes, unpacked and without bytecode."""

    code: tuple[str, ...]
    without: tuple[str, ...]
    lock: str
    budget: float


PACKAGES = {
    "web": Package(("catalog", "webapp", "templates", "static"), (), "web-lambda", 72),
    "tagger": Package(("catalog", "tagger"), ("tagger/recognizers/local",), "tagger-lambda", 150),
}


@dataclass(frozen=True, slots=True)
class Target:
    """Where a package runs: `x86_64` or `arm64`, and a Python as 3.13."""

    architecture: str
    python: str

    @classmethod
    def of_template(cls) -> "Target":
        """Read the target where template.yaml has it. Raises SystemExit where it has none."""
        text = (ROOT / "template.yaml").read_text("utf-8")
        match = re.search(
            r"Target: \{Architecture: (arm64|x86_64), Runtime: python(3\.\d+)\}", text
        )
        if match is None:
            raise SystemExit("template.yaml names no target (Mappings, Lambda, Target).")
        return cls(match[1], match[2])

    @property
    def machine(self) -> str:
        """The processor as Python and wheels call it."""
        return "aarch64" if self.architecture == "arm64" else "x86_64"

    def markers(self) -> dict[str, str]:
        """Return what the environment markers of a requirement are judged by."""
        return {
            "extra": "",
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.0",
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": "linux",
        }

    def pip_arguments(self) -> list[str]:
        """Return what makes pip fetch wheels for this target."""
        tags = [f"manylinux_2_{minor}_{self.machine}" for minor in GLIBC]
        tags.append(f"manylinux2014_{self.machine}")
        chosen = [part for tag in tags for part in ("--platform", tag)]
        # The lock was made for this Python; pip would ask the one that it runs on.
        own_python = ["--python-version", self.python, "--ignore-requires-python"]
        return [*chosen, "--implementation", "cp", *own_python]


def requirements(lock: Path, target: Target) -> Iterator[str]:
    """Yield the requirements of a lock that hold on the target, without their markers.

    pip would judge markers by the Python it runs on.
    """
    everything = lock.read_text("utf-8").splitlines()
    lines = [line for line in everything if not line.lstrip().startswith("#")]
    for entry in "\n".join(lines).replace("\\\n", " ").splitlines():
        words, _, hashes = entry.partition(" --hash=")
        if not words.strip():
            continue
        wanted = Requirement(words.strip())
        if wanted.marker is None or wanted.marker.evaluate(target.markers()):
            digests = " ".join(re.findall(r"sha256:[0-9a-f]{64}", hashes))
            pinned = " ".join(f"--hash={digest}" for digest in digests.split())
            yield f"{wanted.name}{wanted.specifier} {pinned}"


def install(package: Package, target: Target | None, into: Path) -> None:
    """Install the libraries; `target` is None for this Python. Raises SystemExit."""
    lock = ROOT / "requirements" / f"{package.lock}.lock"
    with tempfile.TemporaryDirectory() as folder:
        wanted = lock
        if target is not None:
            wanted = Path(folder) / "requirements.txt"
            wanted.write_text("\n".join(requirements(lock, target)) + "\n", "utf-8")
        command = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--no-compile"]
        command += ["--disable-pip-version-check", "--only-binary=:all:", "--require-hashes"]
        command += ["--no-warn-conflicts", "--target", str(into), "--requirement", str(wanted)]
        command += target.pip_arguments() if target is not None else []
        if subprocess.run(command, check=False).returncode:  # noqa: S603 - our own arguments
            raise SystemExit("The libraries cannot be had: is there a network, or a wheel for all?")


def prune(into: Path) -> None:
    """Remove from the libraries what no function uses: tests, headers, others' service models."""
    for folder in [path for path in into.rglob("*") if path.is_dir()]:
        name = folder.relative_to(into).as_posix()
        if folder.name in IDLE and name not in IDLE_BUT_IMPORTED:
            shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(into / "bin", ignore_errors=True)
    for data in (into / "botocore/data", into / "boto3/data"):
        for folder in data.iterdir() if data.is_dir() else ():
            if folder.is_dir() and folder.name not in SERVICES:
                shutil.rmtree(folder)
    for pattern in ("*.pyi", "*.pyx", "*.pxd", "*.c", "*.h", "*.a", "*.dist-info/RECORD"):
        for path in into.rglob(pattern):
            path.unlink()


def copy_code(package: Package, into: Path) -> None:
    """Copy our own packages and pages."""
    for name in package.code:
        shutil.copytree(
            ROOT / name, into / name, ignore=shutil.ignore_patterns("__pycache__", ".*")
        )
    for name in package.without:
        shutil.rmtree(into / name, ignore_errors=True)


def bake(package: Package, into: Path, target: Target | None) -> bool:
    """Make templates and scripts ready, where this Python has what that takes; tell whether.

    A package for this very Python brings what it takes.
    """
    if "templates" not in package.code:
        return True
    command = [sys.executable, "-m", "webapp.baking", str(into)]
    path = {"PYTHONPATH": str(into)} if target is None else {}
    done = subprocess.run(  # noqa: S603 - our own arguments
        command, check=False, cwd=ROOT, env=os.environ | path, capture_output=True
    )
    return done.returncode == 0


def python_for(target: Target | None) -> str | None:
    """Return an interpreter of the target's version, None where there is none."""
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if target is None or target.python == own:
        return sys.executable
    found = shutil.which(f"python{target.python}")
    if found is None:
        return None
    probe = subprocess.run([found, "-c", ""], check=False, capture_output=True)  # noqa: S603
    return found if probe.returncode == 0 else None


def write_bytecode(target: Target | None, into: Path) -> bool:
    """Compile all modules, where a Python of the target's version is there; tell whether.

    Lambda cannot keep what it compiles, so without this every cold start compiles all again.
    """
    python = python_for(target)
    if python is None:
        return False
    if python == sys.executable:
        mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
        compileall.compile_dir(str(into), quiet=2, invalidation_mode=mode, stripdir=str(into))
        return True
    command = [python, "-m", "compileall", "-qq", "-s", str(into)]
    command += ["--invalidation-mode", "unchecked-hash", str(into)]
    subprocess.run(command, check=False)  # noqa: S603 - our own arguments
    return True


def measure(into: Path) -> dict[str, int]:
    """Return the bytes of each top-level part, the largest first; bytecode by itself."""
    sizes: dict[str, int] = {}
    for folder, _, files in os.walk(into):
        path = Path(folder)
        parts = path.relative_to(into).parts
        name = "(bytecode)" if path.name == "__pycache__" else (parts[0] if parts else "(files)")
        for file in files:
            sizes[name] = sizes.get(name, 0) + (path / file).stat().st_size
    return dict(sorted(sizes.items(), key=lambda item: -item[1]))


def report(name: str, package: Package, sizes: dict[str, int], compiled: bool) -> None:
    """Print the sizes. Raises SystemExit where the package is over its budget."""
    total = sum(size for part, size in sizes.items() if part != "(bytecode)") / MEGABYTE
    largest = ", ".join(f"{part} {size / MEGABYTE:.1f}" for part, size in list(sizes.items())[:8])
    note = f"{sizes.get('(bytecode)', 0) / MEGABYTE:.1f} MB of bytecode"
    if not compiled:
        note = "no bytecode: no Python of the target's version is here; cold starts take longer"
    sys.stdout.write(
        f"{name}: {total:.1f} MB of at most {package.budget:.0f} ({largest}); {note}\n"
    )
    if total > package.budget:
        raise SystemExit(f"The package {name} is over its budget.")


def main() -> None:
    """Build one package."""
    parser = argparse.ArgumentParser(description="Build the package of one Lambda function.")
    parser.add_argument("package", choices=sorted(PACKAGES))
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("--platform", choices=("lambda", "host"), default="lambda")
    arguments = parser.parse_args()
    package, into = PACKAGES[arguments.package], arguments.into
    target = Target.of_template() if arguments.platform == "lambda" else None
    into.mkdir(parents=True, exist_ok=True)
    install(package, target, into)
    prune(into)
    copy_code(package, into)
    if not bake(package, into, target):
        sys.stdout.write("Not baked (needs `make setup`): cold starts take longer.\n")
    compiled = write_bytecode(target, into)
    report(arguments.package, package, measure(into), compiled)


if __name__ == "__main__":
    main()
