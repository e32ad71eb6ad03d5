"""Models of a few kilobytes in the form that fastembed loads: a pair like CLIP's, and a plain text model.

They know characters and colors: the same text or picture has the same vector, any other another one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Regex, Tokenizer, models, pre_tokenizers

if TYPE_CHECKING:
    from pathlib import Path

SIZE = 8
PAINFUL = "\N{SKULL AND CROSSBONES}"
"""A text with it has NaN in its vector."""
FATAL = "\N{BIOHAZARD SIGN}"
"""A text with it fails the whole call."""

_SIDE = 16
_CHARACTERS = [chr(code) for code in range(32, 127)]
_VOCABULARY = {token: at for at, token in enumerate(["[PAD]", "[UNK]", *_CHARACTERS, PAINFUL, FATAL])}


@dataclass(frozen=True, slots=True)
class TinyModels:
    """Folders with a model each.

    Attributes:
        text, image: A pair of one space; what `text` answers is not of length 1.
        tokens: A text model with a vector a token, which are to be pooled.
        narrow: A text model of 4 dimensions.
    """

    text: Path
    image: Path
    tokens: Path
    narrow: Path


def make_tiny_models(folder: Path) -> TinyModels:
    """Write them below a folder."""
    made = TinyModels(*(folder / name for name in ("text", "image", "tokens", "narrow")))
    _write_text(made.text, "model.onnx", _pooled_graph(SIZE))
    _write_text(made.tokens, "onnx/model.onnx", _token_graph(SIZE))
    _write_text(made.narrow, "model.onnx", _pooled_graph(4))
    _write(made.image, "model.onnx", _image_graph())
    config = {
        "do_resize": True,
        "size": {"shortest_edge": _SIDE},
        "do_center_crop": True,
        "crop_size": {"height": _SIDE, "width": _SIDE},
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
        "image_processor_type": "CLIPImageProcessor",
    }
    (made.image / "preprocessor_config.json").write_text(json.dumps(config))
    return made


def _write(folder: Path, file: str, graph: onnx.GraphProto) -> None:
    path = folder / file
    path.parent.mkdir(parents=True)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def _write_text(folder: Path, file: str, graph: onnx.GraphProto) -> None:
    _write(folder, file, graph)
    tokenizer = Tokenizer(models.WordLevel(_VOCABULARY, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 77, "pad_token": "[PAD]"}))
    (folder / "config.json").write_text(json.dumps({"pad_token_id": 0}))


def _weights(name: str, *shape: int) -> onnx.TensorProto:
    return numpy_helper.from_array(np.random.default_rng(7).normal(size=shape).astype(np.float32), name)


def _embeddings(size: int) -> onnx.TensorProto:
    rows = np.random.default_rng(7).normal(size=(len(_VOCABULARY) - 1, size)).astype(np.float32)
    rows[_VOCABULARY[PAINFUL]] = np.nan
    return numpy_helper.from_array(rows, "rows")


def _text_inputs() -> list[onnx.ValueInfoProto]:
    return [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"])
        for name in ("input_ids", "attention_mask")
    ]


def _token_graph(size: int) -> onnx.GraphProto:
    return helper.make_graph(
        [helper.make_node("Gather", ["rows", "input_ids"], ["last_hidden_state"])],
        "tokens",
        _text_inputs(),
        [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "length", size])],
        [_embeddings(size)],
    )


def _pooled_graph(size: int) -> onnx.GraphProto:
    nodes = [
        helper.make_node("Gather", ["rows", "input_ids"], ["vectors"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["weights"]),
        helper.make_node("Mul", ["vectors", "weights"], ["weighted"]),
        helper.make_node("ReduceSum", ["weighted", "middle"], ["text_embeds"], keepdims=0),
    ]
    return helper.make_graph(
        nodes,
        "text",
        _text_inputs(),
        [helper.make_tensor_value_info("text_embeds", TensorProto.FLOAT, ["batch", size])],
        [
            _embeddings(size),
            numpy_helper.from_array(np.array([2], dtype=np.int64), "last"),
            numpy_helper.from_array(np.array([1], dtype=np.int64), "middle"),
        ],
    )


def _image_graph() -> onnx.GraphProto:
    nodes = [
        helper.make_node("AveragePool", ["pixel_values"], ["quarters"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Flatten", ["quarters"], ["flat"]),
        helper.make_node("MatMul", ["flat", "projection"], ["image_embeds"]),
    ]
    return helper.make_graph(
        nodes,
        "image",
        [helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["batch", 3, _SIDE, _SIDE])],
        [helper.make_tensor_value_info("image_embeds", TensorProto.FLOAT, ["batch", SIZE])],
        [_weights("projection", 12, SIZE)],
    )
