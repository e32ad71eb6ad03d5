"""The offline embedder: the same vector everywhere, near for what shares words, quick."""

from __future__ import annotations

import subprocess
import sys

import anyio
import anyio.lowlevel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedconsole.config.sections.embedders.hashing import HashingConfig
from embedconsole.embedders.build import build_embedder
from embedconsole.embedders.hashing import MAX_CHARACTERS, hashed
from embedconsole.items import EmbedInput

GOLDEN = "Crème brûlée pan, 24 cm: frying & roasting pans"
GOLDEN_VALUES = [
    -0.312582,
    0.1888558,
    -0.1299092,
    -0.0070702,
    -0.2013155,
    -0.2320077,
    -0.1046064,
    0.152364,
    0.0044893,
    0.1157688,
    -0.0025079,
    -0.6475853,
    -0.0157559,
    0.4561615,
    -0.0195299,
    -0.2822733,
]


@pytest.mark.anyio
async def test_long_texts_let_others_on_the_loop_have_their_turn() -> None:
    embedder = build_embedder("words", HashingConfig(type="hashing", size=8))
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as group:
        group.start_soon(other)
        await embedder.embed([EmbedInput(number, "word " * 4000, None) for number in range(20)])
        group.cancel_scope.cancel()
    assert turns >= 20


def test_golden_values() -> None:
    """A change here moves every vector: raise HASHING_VERSION with it."""
    vector = hashed(GOLDEN, 16)
    assert vector.tolist() == pytest.approx(GOLDEN_VALUES, abs=1e-6)


def test_the_same_in_another_process_with_another_hash_seed() -> None:
    code = (
        f"from embedconsole.embedders.hashing import hashed; print(hashed({GOLDEN!r}, 512).tobytes().hex())"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == hashed(GOLDEN, 512).tobytes().hex()


@given(st.text(min_size=1).filter(str.strip), st.sampled_from([8, 64, 512]))
def test_any_text_has_a_vector_of_length_one(text: str, size: int) -> None:
    vector = hashed(text, size)
    assert vector.dtype == np.float32
    assert vector.shape == (size,)
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)


def near(one: str, other: str) -> float:
    return float(hashed(one, 512) @ hashed(other, 512))


@pytest.mark.parametrize(
    ("text", "nearer", "farther"),
    [
        ("red running shoes", "Red shoes for running", "red running jacket"),
        ("run", "running", "ruin"),
        ("shoe", "shoes", "shot"),
        ("cafe creme", "Café Crème", "cave cream"),
        ("notebok", "notebook", "planner"),
        ("lamp for the desk", "desk lamp", "pot for the desk plant"),
        ("ботинки", "Ботинок", "лампа"),
    ],
)
def test_what_is_nearer(text: str, nearer: str, farther: str) -> None:
    assert near(text, nearer) > near(text, farther)


def test_unrelated_texts_are_far() -> None:
    texts = ["red shoes", "brass lamp", "oak chair", "coffee mug", "rain jacket", "linen notebook"]
    found = [near(one, other) for one in texts for other in texts if one != other]
    assert max(map(abs, found)) < 0.2


def test_small_words_count_little() -> None:
    assert near("a lamp for the desk", "desk lamp") > 0.9


def test_repetition_counts_little() -> None:
    assert near("lamp " * 50 + "chair", "lamp chair") > 0.6


def test_only_the_beginning_of_a_very_long_text_counts() -> None:
    text = "word " * MAX_CHARACTERS
    np.testing.assert_array_equal(hashed(text, 64), hashed(text[:MAX_CHARACTERS], 64))
