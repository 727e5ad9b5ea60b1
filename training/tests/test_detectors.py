"""A published graph that holds one size takes any."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

from training.detectors import of_any_size


def test_a_graph_that_was_exported_with_one_size_takes_others(tmp_path: Path) -> None:
    shape = [10, 3, 32, 32]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("in", "out")]
    # Old graphs list their weights as inputs too; their sizes must stay.
    weight = helper.make_tensor("weight", TensorProto.FLOAT, [1, 1, 1, 1], [2.0])
    listed = helper.make_tensor_value_info("weight", TensorProto.FLOAT, [1, 1, 1, 1])
    node = helper.make_node("Mul", ["in", "weight"], ["out"])
    graph = helper.make_graph([node], "doubled", [ends[0], listed], [ends[1]], [weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(tmp_path / "a.onnx"))
    session = onnxruntime.InferenceSession(of_any_size(tmp_path / "a.onnx"), providers=["CPUExecutionProvider"])
    image = np.ones((1, 3, 64, 96), np.float32)
    assert (session.run(None, {"in": image})[0] == 2 * image).all()
