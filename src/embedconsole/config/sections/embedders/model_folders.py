"""Models of the local backend on disk: what their folders must hold, seen before anything is imported."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

INSTALL = "pip install '.[local]' in a checkout of embedconsole"

_MODEL_FILES = ("model.onnx", "onnx/model.onnx", "model_optimized.onnx", "onnx/model_optimized.onnx")
_TEXT_FILES = ("tokenizer.json", "tokenizer_config.json")
_IMAGE_FILES = ("preprocessor_config.json",)


def check_local(name: str, path: Path | None, image_path: Path | None) -> None:
    """Say what is missing that the local backend needs; nothing is imported.

    Raises:
        ConfigError: The extra is not installed, or a model's folder lacks something.
    """
    if find_spec("fastembed") is None:
        raise ConfigError(f"embedders.{name}.type: fastembed is not installed: {INSTALL}")
    if path is not None:
        _check_folder(f"embedders.{name}.path", path, _TEXT_FILES)
    if image_path is not None:
        _check_folder(f"embedders.{name}.image_path", image_path, _IMAGE_FILES)


def model_file(folder: Path) -> str | None:
    """The ONNX file of a model that fastembed does not list, below its folder; None when there is none."""
    usual = next((name for name in _MODEL_FILES if (folder / name).is_file()), None)
    if usual is not None:
        return usual
    others = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.onnx"))
    return others[0] if others else None


def _check_folder(setting: str, folder: Path, files: tuple[str, ...]) -> None:
    if not folder.is_dir():
        raise ConfigError(f"{setting}: there is no folder {folder}")
    if model_file(folder) is None:
        raise ConfigError(f"{setting}: there is no .onnx file in {folder}")
    for file in files:
        if not (folder / file).is_file():
            raise ConfigError(f"{setting}: there is no {file} in {folder}; copy the model's whole folder")
