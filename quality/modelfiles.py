"""Model files that cannot run code: plain arrays and JSON, each under a checked hash.

A model is a folder `models/<name>/` with `.npz` and `.json` files. `models/manifest.json`
says what each must hash to, and which versions made them. Nothing is loaded before
`verify` has passed, and a file that could execute code (a pickle under any name) is
refused, listed or not.

    models/manifest.json
    {"format": 1,
     "models": {"paragraph": {"files": {"weights.npz": "<sha256>", …},
                              "tokens": 1, "package": "0.1.0", "numpy": "2.4.6", …}}}
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from quality.errors import ModelError
from quality.tokens import TOKENS_VERSION

MANIFEST_FORMAT = 1
MANIFEST = "manifest.json"

# What a model is read from; these are hashed. Cards and plots may lie beside them.
_LOADED = frozenset({".npz", ".json"})
_BESIDE = frozenset({".md", ".png"})
# What `update_manifest` writes itself; all else in an entry are facts of the training.
_OWN = frozenset({"package", "numpy", "tokens", "files"})
_CURE = "Run `quality train`, or reinstall the package."


def default_root() -> Path:
    """The folder of the models that come with the package (or, in a checkout, with the project)."""
    package = Path(__file__).parent
    installed = package / "models"
    return installed if installed.is_dir() else package.parent / "models"


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def update_manifest(models_root: Path, name: str, facts: Mapping[str, Any]) -> None:
    """Write down the files of `models_root/name` as they are now, with `facts` about them.

    Versions of package, numpy and tokens are added; other models' entries stay. The
    manifest appears whole or not at all.
    """
    path = models_root / MANIFEST
    models = _read(path)["models"] if path.exists() else {}
    entry: dict[str, Any] = {
        **facts,
        "package": _package_version(),
        "numpy": np.__version__,
        "tokens": TOKENS_VERSION,
        "files": {
            file.name: sha256(file)
            for file in sorted((models_root / name).iterdir())
            if file.suffix in _LOADED
        },
    }
    models = dict(sorted({**models, name: entry}.items()))
    manifest = {"format": MANIFEST_FORMAT, "models": models}
    part = path.with_suffix(".json.part")
    part.write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(path)


def verify(models_root: Path, name: str) -> dict[str, Any]:
    """What the manifest says of the model, after each of its files was checked against it.

    Raises ModelError, naming the cure, where the manifest or a file is missing, a hash or
    the format or tokens version differs, or a file lies there that no model consists of.
    """
    path = models_root / MANIFEST
    if not path.is_file():
        raise ModelError(f"{path}: no model manifest. {_CURE}")
    entry = _read(path)["models"].get(name)
    if not isinstance(entry, dict) or not isinstance(entry.get("files"), dict):
        raise ModelError(f"{path}: no model named {name!r}. {_CURE}")
    if entry.get("tokens") != TOKENS_VERSION:
        raise ModelError(
            f"{models_root / name}: made for tokens version {entry.get('tokens')}, "
            f"this package has {TOKENS_VERSION}. {_CURE}"
        )
    _check_files(models_root / name, entry["files"])
    return dict(entry)


def adopt(source: Path, models_root: Path, name: str) -> None:
    """Put the model of another root, verified, in the place of the one of that name.

    Files first, manifest last: a reader in between sees a damaged model, never a wrong one. A
    card written by hand stays where the new model brings none.
    """
    entry = verify(source, name)
    folder = models_root / name
    folder.mkdir(parents=True, exist_ok=True)
    brought = sorted((source / name).iterdir())
    replaced = _LOADED | {new.suffix for new in brought}
    for old in folder.iterdir():
        if old.suffix in replaced:
            old.unlink()
    for new in brought:
        shutil.copyfile(new, folder / new.name)
    facts = {key: value for key, value in entry.items() if key not in _OWN}
    update_manifest(models_root, name, facts)


def fingerprint(models_root: Path) -> str:
    """One hash over all files of all models, as the manifest lists them: 16 hex digits."""
    models = _read(models_root / MANIFEST)["models"]
    listed = sorted(
        (name, file, digest)
        for name, entry in models.items()
        for file, digest in entry["files"].items()
    )
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()[:16]


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of an `.npz` file, never executing anything in it.

    Raises ModelError where the file holds anything but plain arrays.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {key: arrays[key] for key in arrays.files}
    except (OSError, ValueError, AttributeError, BadZipFile) as error:
        raise ModelError(f"{path}: not a file of plain arrays ({error}). {_CURE}") from error


def load_json(path: Path) -> dict[str, Any]:
    """The object in a model's JSON file. Raises ModelError where it is none."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: not readable as JSON ({error}). {_CURE}") from error
    if not isinstance(content, dict):
        raise ModelError(f"{path}: not a JSON object. {_CURE}")
    return content


def _read(path: Path) -> dict[str, Any]:
    manifest = load_json(path)
    if manifest.get("format") != MANIFEST_FORMAT or not isinstance(manifest.get("models"), dict):
        raise ModelError(
            f"{path}: manifest format {manifest.get('format')}, "
            f"this package reads {MANIFEST_FORMAT}. {_CURE}"
        )
    return manifest


def _check_files(folder: Path, files: Mapping[str, str]) -> None:
    found = {file.name: file for file in folder.iterdir()} if folder.is_dir() else {}
    for name, file in sorted(found.items()):
        if file.suffix not in _LOADED | _BESIDE or (file.suffix in _LOADED and name not in files):
            raise ModelError(
                f"{file}: not part of the model. Only arrays (.npz) and .json files of the "
                "manifest are ever loaded; remove it."
            )
    for name, expected in files.items():
        if name not in found:
            raise ModelError(f"{folder / name}: missing. {_CURE}")
        actual = sha256(found[name])
        if actual != expected:
            raise ModelError(
                f"{found[name]}: damaged or changed (sha256 {actual[:12]}…, the manifest says "
                f"{expected[:12]}…). {_CURE}"
            )


def _package_version() -> str:
    try:
        return version("quality-pipeline")
    except PackageNotFoundError:
        return "unreleased"
