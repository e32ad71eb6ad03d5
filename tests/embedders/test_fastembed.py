"""Models on this machine: a pair like CLIP's, built by the tests, and what keeps a model from loading."""

from __future__ import annotations

import importlib.util
import shutil
import time
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from embedconsole.config.sections.embedder import EmbedderConfig
from embedconsole.config.sections.embedders.fastembed import FastembedConfig
from embedconsole.embedders import fastembed
from embedconsole.embedders.build import build_embedder
from embedconsole.embedders.pictures import data_address
from embedconsole.faults import BadInput, ConfigError, Refused
from embedconsole.items import EmbedInput
from embedconsole.pictures.decode import Picture, inspected
from support.gallery import Gallery, picture

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from embedconsole.embedders.base import Embedder
    from support.tiny_models import TinyModels

    Make = Callable[..., Embedder]

pytestmark = pytest.mark.anyio

PAIR = {"model": "Qdrant/clip-ViT-B-32-text", "image_model": "Qdrant/clip-ViT-B-32-vision"}
SKULL, BIOHAZARD = "\N{SKULL AND CROSSBONES}", "\N{BIOHAZARD SIGN}"  # see support.tiny_models
_CONFIG: TypeAdapter[EmbedderConfig] = TypeAdapter(EmbedderConfig)


def config(**settings: object) -> FastembedConfig:
    made = _CONFIG.validate_python({"type": "fastembed", **settings})
    assert isinstance(made, FastembedConfig)
    return made


def text(number: int, content: str | None = None) -> EmbedInput:
    return EmbedInput(number, f"text {number}." if content is None else content, None)


def image(number: int, reference: str) -> EmbedInput:
    return EmbedInput(number, None, reference)


@pytest.fixture
async def make(tiny_models: TinyModels, tmp_path: Path) -> AsyncIterator[Make]:
    """`make(expected_size=..., **settings)`: the tiny pair, unless settings say otherwise; no internet."""
    made: list[Embedder] = []

    def make_one(expected_size: int | None = None, **settings: object) -> Embedder:
        pair = {**PAIR, "path": tiny_models.text, "image_path": tiny_models.image}
        usual = {"download": False, "cache": tmp_path / "cache", "threads": 1}
        made.append(
            build_embedder("local", config(**{**pair, **usual, **settings}), expected_size=expected_size)
        )
        return made[-1]

    yield make_one
    for embedder in made:
        await embedder.aclose()


@pytest.fixture
def allowed() -> dict[str, object]:
    """The policy under which the gallery's pictures are fetched."""
    return {"pictures": {"allow_private": ["127.0.0.1"], "timeout": 30}}


async def test_order_is_kept_however_it_is_cut(
    make: Make, gallery: Gallery, allowed: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = [text(number) for number in range(40)]
    for number in range(0, 40, 3):
        url = gallery.put(f"/{number}.png", picture(f"rgb({number * 6}, 90, 0)", size=(30 + number, 20)))
        sent[number] = image(number, url)
    embedder = make(**allowed)
    whole = await embedder.embed(sent)
    assert (whole.rejected, whole.postponed) == ({}, set())
    assert whole.vectors.dtype == np.float32
    assert whole.vectors.shape == (40, 8)
    np.testing.assert_allclose(np.linalg.norm(whole.vectors, axis=1), 1.0, rtol=1e-6)
    assert len({vector.tobytes() for vector in whole.vectors}) == 40
    for name in ("_TEXTS_AT_ONCE", "_PICTURES_AT_ONCE", "_PIXELS_AT_ONCE"):
        monkeypatch.setattr(fastembed, name, 3 if "PIXELS" not in name else 1500)
    np.testing.assert_allclose((await embedder.embed(sent)).vectors, whole.vectors, atol=1e-6)
    alone = [(await embedder.embed([entry])).vectors[0] for entry in sent[:7]]
    np.testing.assert_allclose(alone, whole.vectors[:7], atol=1e-6)


def test_pictures_that_are_decoded_together() -> None:
    pictures = {
        name: Picture(b"", "image/png", 10, side) for name, side in zip("abcde", (2, 3, 9, 4, 4), strict=True)
    }
    assert [list(portion) for portion in fastembed._by_pixels(pictures, 80)] == [
        ["a", "b"],
        ["c"],
        ["d", "e"],
    ]


async def test_what_is_wrong_with_one_input_is_its_own(
    make: Make, gallery: Gallery, allowed: dict[str, object]
) -> None:
    good = gallery.put("/good.png")
    sent = [
        text(0),
        text(1, f"bad {SKULL}"),
        text(2, " \n"),
        image(3, good),
        image(4, gallery.put("/cut.png", picture(size=(300, 300))[:-300])),
        image(5, gallery.url + "/nothing.png"),
        image(6, gallery.put("/page.png", b"<html>sign in</html>")),
        image(7, "file:///etc/passwd"),
        image(8, gallery.answer("/busy.png", 503)),
        EmbedInput(9, None, None),
        image(10, good),
        text(11),
    ]
    result = await make(**allowed).embed(sent)
    assert {at: reason.partition(":")[0] for at, reason in result.rejected.items()} == {
        1: "its vector has NaN or infinity in it",
        2: "there is nothing to embed",
        4: "its picture can't be read",
        5: "its picture is not there",
        6: "there is a web page in place of its picture",
        7: "its picture's address begins with file",
        8: "its picture was not given out",
        9: "there is nothing to embed",
    }
    assert result.postponed == {8}
    embedded = [at for at in range(12) if at not in result.rejected]
    assert embedded == [0, 3, 10, 11]
    assert (np.linalg.norm(result.vectors, axis=1) > 0.5).tolist() == [at in embedded for at in range(12)]
    assert sum(path == "/good.png" for _, path, _ in gallery.asked) == 1, "fetched once for both"


async def test_an_input_that_the_model_fails_on_fails_the_call(make: Make) -> None:
    embedder = make()
    with pytest.raises(BadInput, match="the model failed on what it was given"):
        await embedder.embed([text(0), text(1, BIOHAZARD)])
    assert (await embedder.embed([text(0)])).rejected == {}


async def test_nothing_is_nothing(make: Make) -> None:
    assert (await make().embed([])).vectors.shape[0] == 0
    assert list((await make().embed([text(0, "")])).rejected) == [0]


async def test_another_size_than_the_collections_is_refused(make: Make) -> None:
    with pytest.raises(Refused, match="answers 8 dimensions, the collection has 512"):
        await make(expected_size=512).embed([text(0)])


async def test_normalize(make: Make) -> None:
    plain = (await make(image_model=None, image_path=None).embed([text(0)])).vectors[0]
    assert np.linalg.norm(plain) > 1.5, "CLIP's texts are not of length 1"
    of_pair = (await make().embed([text(0)])).vectors[0]
    np.testing.assert_allclose(of_pair, plain / np.linalg.norm(plain), rtol=1e-5)
    left = (await make(normalize=False).embed([text(0)])).vectors[0]
    np.testing.assert_array_equal(left, plain)


@pytest.mark.parametrize("pooling", [None, "mean", "cls", "last"])
async def test_a_model_that_fastembed_does_not_list(
    make: Make, tiny_models: TinyModels, pooling: str | None
) -> None:
    own = {"model": "shop/own", "path": tiny_models.tokens, "image_model": None, "image_path": None}
    embedder = make(**own, pooling=pooling)
    vector, first, last = (await embedder.embed([text(0, "ab"), text(1, "a"), text(2, "b")])).vectors
    right = {"cls": first, "last": last}.get(pooling or "mean", (first + last) / 2)
    np.testing.assert_allclose(vector, right, rtol=1e-5)


async def test_models_of_ones_own_pair_too(make: Make, tiny_models: TinyModels) -> None:
    """What it is called, and that texts come pooled, need not be said."""
    embedder = make(model=None, image_model=None)
    assert embedder.identity == "fastembed:text:image=image:normalized"
    usual = make()
    sent = [text(0), image(1, data_address(inspected(picture(), 1000)))]
    np.testing.assert_allclose((await embedder.embed(sent)).vectors, (await usual.embed(sent)).vectors)


async def test_one_model_alone_says_what_it_can_not_take(make: Make) -> None:
    sent = [text(0), image(1, data_address(inspected(picture(), 1000)))]
    texts = await make(image_model=None, image_path=None).embed(sent)
    assert texts.rejected == {1: "there is no model for its image: set embedders.local.image_model"}
    pictures = await make(model=None, path=None).embed(sent)
    assert pictures.rejected == {0: "there is no model for its text: set embedders.local.model"}


@pytest.mark.parametrize(
    ("settings", "message", "remedy"),
    [
        (
            {"path": None},
            "Qdrant/clip-ViT-B-32-text is not on this machine",
            "set embedders.local.path to their folder",
        ),
        (
            {"model": "qdrant/clip-vit-b32-text", "path": None},
            "knows no model",
            "Did you mean Qdrant/clip-ViT",
        ),
        ({"model": "shop/own", "path": None}, "knows no model", "set embedders.local.path to its folder"),
        ({"image_model": "shop/own", "image_path": None}, "knows no model", "embedders.local.image_path"),
        ({"model": "shop/own", "pooling": "mean"}, "does not embed anything", "embedders.local.pooling"),
        ({"pooling": "cls"}, "is pooled as it has to be", "Remove embedders.local.pooling"),
    ],
)
async def test_why_a_model_can_not_be_used(
    make: Make, settings: dict[str, object], message: str, remedy: str, capfd: pytest.CaptureFixture[str]
) -> None:
    embedder = make(**settings)
    with pytest.raises(Refused) as caught:
        await embedder.health()
    assert message in caught.value.message
    assert caught.value.remedy is not None
    assert remedy in caught.value.remedy
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", ""), "nothing may be written over the console"
    with pytest.raises(Refused, match=caught.value.message[:20]):
        await embedder.embed([text(0)])


async def test_two_models_of_different_sizes_are_no_pair(make: Make, tiny_models: TinyModels) -> None:
    with pytest.raises(Refused, match="model has 4 dimensions, image_model has 8"):
        await make(path=tiny_models.narrow).health()


@pytest.mark.parametrize("setting", ["path", "image_path"])
async def test_a_damaged_model(make: Make, tiny_models: TinyModels, tmp_path: Path, setting: str) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(tiny_models.text if setting == "path" else tiny_models.image, folder)
    (folder / "model.onnx").write_bytes(b"no model")
    with pytest.raises(Refused, match="can't be loaded") as caught:
        await make(**{setting: folder}).health()
    assert caught.value.remedy == f"Check that embedders.local.{setting} holds all files of that model"


@pytest.mark.parametrize(
    ("gone", "message"),
    [
        ("", r"path: there is no folder"),
        ("model.onnx", r"path: there is no \.onnx file"),
        ("tokenizer.json", r"path: there is no tokenizer\.json"),
        ("tokenizer_config.json", r"path: there is no tokenizer_config\.json"),
    ],
)
def test_an_incomplete_folder_is_seen_at_the_start(
    tiny_models: TinyModels, tmp_path: Path, gone: str, message: str
) -> None:
    folder = tmp_path / "text"
    shutil.copytree(tiny_models.text, folder)
    if gone:
        (folder / gone).unlink()
    else:
        shutil.rmtree(folder)
    with pytest.raises(ConfigError, match=r"embedders\.local\." + message):
        config(model="m", path=folder).check("local")


def test_without_the_extra_the_start_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embedconsole.config.sections.embedders.model_folders.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install '\.\[local\]' in a checkout"):
        config(model="m").check("local")
    assert importlib.util.find_spec("fastembed") is not None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "give model"),
        ({"model": "m", "pooling": "max"}, "pooling"),
        ({"model": "m", "pictures": {"send": "bytes"}}, "send"),
    ],
)
def test_settings_that_can_not_be(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        config(**settings)


def test_identity() -> None:
    assert config(model="m").identity == "fastembed:m"
    assert config(model="m", image_model="i").identity == "fastembed:m:image=i:normalized"
    assert config(image_model="i", normalize=False).identity == "fastembed::image=i"
    assert config(model="m", path="/a", pooling="cls").identity == "fastembed:m:cls"
    moved = config(model="m", path="/b", pooling="cls", cache="/c", threads=3, concurrency=9, download=False)
    assert moved.identity == "fastembed:m:cls"
    named_by_folder = config(path="/models/minilm", image_path="/models/clip")
    assert named_by_folder.identity == "fastembed:minilm:image=clip:normalized"


async def test_the_loop_goes_on_while_a_model_computes(make: Make) -> None:
    embedder = make(concurrency=2)
    await embedder.health()
    turns, computing = 0, True

    async def count() -> None:
        nonlocal turns
        while computing:
            turns += 1
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as group:
        group.start_soon(count)
        began = time.monotonic()
        while time.monotonic() - began < 0.3:
            await embedder.embed([text(number, "x" * 70) for number in range(100)])
        computing = False
    assert turns > 100


async def test_models_are_loaded_once_for_all_who_wait(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    from embedconsole.embedders import fastembed as local_models

    loads = []
    load = local_models.load_models

    def counted(*args: object) -> local_models.LocalModels:
        loads.append(args)
        return load(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(local_models, "load_models", counted)
    good, bad = make(), make(model="shop/own", pooling="mean")
    async with anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(good.embed, [text(0)])
    assert len(loads) == 1
    refused = []

    async def fail() -> None:
        with pytest.raises(Refused) as caught:
            await bad.embed([text(0)])
        refused.append(caught.value.message)

    async with anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(fail)
    assert len(loads) == 2
    assert len(refused) == 4
