"""The program in a process of its own, forked where that can be done, else from a fresh interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from support.forking import AVAILABLE, Forked, Start

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Program: TypeAlias = "Forked | subprocess.Popen[str]"

_TESTS = Path(__file__).resolve().parents[1]


def start_program(arguments: Sequence[str], environment: Mapping[str, str]) -> Program:
    """Start it with pipes for its output and nothing to read; `environment` is all of it."""
    if AVAILABLE:
        return Forked(Start(arguments, environment))
    paths = [str(_TESTS), *filter(None, [environment.get("PYTHONPATH")])]
    return subprocess.Popen(
        [sys.executable, "-m", "support.program", *arguments],
        env={**environment, "PYTHONPATH": os.pathsep.join(paths)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )
