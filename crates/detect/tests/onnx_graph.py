"""The weights as an ONNX graph, written from their documented layout alone (docs/cards), so that
ONNX Runtime can be compared with the engine without PyTorch. It rounds where the program does and
adds in the program's order: a sum that is off in its last bit may round to another whole number, and
what lies around would see it. So what is left between the two is the last bits of the decoding.

usage: onnx_graph.py WEIGHTS.safetensors OUT.onnx
"""
import json
import struct
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

STRIDES = (8, 16, 32)


def read_weights(path: Path) -> dict[str, np.ndarray]:
    """Tensors of a safetensors file (float32 only)."""
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    head = json.loads(data[8:8 + length])
    tensors = {}
    for name, entry in head.items():
        if name == "__metadata__":
            continue
        first, last = entry["data_offsets"]
        raw = data[8 + length + first:8 + length + last]
        tensors[name] = np.frombuffer(raw, "<f4").reshape(entry["shape"])
    return tensors


def steps_of(weight: np.ndarray, top: int) -> np.ndarray:
    """What a whole number counts in each row, so that none is above `top`."""
    return np.maximum(np.abs(weight).max(1), np.float32(1e-12)) / np.float32(top)


def point_steps(weight: np.ndarray) -> np.ndarray:
    """The same for a pointwise convolution: of each 16 inputs, those in the first and those in the second
    half of each four are added up in 16 bits, and 258 times 127 fits."""
    groups = weight.astype(np.float64).reshape(len(weight), -1, 4, 2, 2)
    sums = [np.maximum(sign * groups, 0).sum(axis=(2, 4)).max(axis=(1, 2)) for sign in (1, -1)]
    return np.maximum(steps_of(weight, 127), (np.maximum(*sums) / 254).astype(np.float32))


class Graph:
    """Nodes and constants, with fresh names."""

    def __init__(self, weights: dict[str, np.ndarray]):
        self.weights = weights
        self.nodes, self.constants, self.count = [], [], 0

    def constant(self, value: np.ndarray) -> str:
        self.count += 1
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), f"c{self.count}"))
        return f"c{self.count}"

    def node(self, kind: str, inputs: list[str], **attributes) -> str:
        self.count += 1
        out = f"n{self.count}"
        self.nodes.append(helper.make_node(kind, inputs, [out], **attributes))
        return out

    def step(self, name: str) -> np.float32:
        """What a whole number of a map counts: 127 of them are its range."""
        return self.weights[f"{name}.range"][0] / np.float32(127)

    def rounded(self, x: str) -> str:
        """ReLU and the nearest whole number up to 127; ties to the even one."""
        limits = [self.constant(np.array(v, np.float32)) for v in (0, 127)]
        return self.node("Round", [self.node("Clip", [x, *limits])])

    def double(self, x: str) -> str:
        return self.node("Cast", [x], to=TensorProto.DOUBLE)

    def fused(self, x: str, factor: np.ndarray, addend: str) -> str:
        """float32(x * factor + addend) with one rounding; `x` is in double, where the product of two
        float32 numbers is exact."""
        product = self.node("Mul", [x, self.constant(factor.astype(np.float64))])
        total = self.node("Add", [product, self.double(addend)])
        return self.node("Cast", [total], to=TensorProto.FLOAT)

    def affine(self, x: str, scale: np.ndarray, bias: np.ndarray) -> str:
        """Times `scale` and plus `bias`, a number a channel."""
        scale, bias = (v.astype(np.float32)[:, None, None] for v in (scale, bias))
        return self.fused(self.double(x), scale, self.constant(bias))

    def depthwise(self, x: str, weight: np.ndarray, bias: np.ndarray) -> str:
        """3x3, a kernel a channel, zeros around: column by column from the left, each from above."""
        pads = self.constant(np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64))
        padded = self.double(self.node("Pad", [x, pads]))
        total = self.constant(bias[:, None, None])
        for kx in range(3):
            for ky in range(3):
                ends = [np.iinfo(np.int64).max if k == 2 else k - 2 for k in (ky, kx)]
                part = self.node("Slice", [padded, *(self.constant(np.array(v, np.int64))
                                                     for v in ([ky, kx], ends, [2, 3]))])
                total = self.fused(part, weight[:, ky * 3 + kx, None, None], total)
        return total

    def separable(self, x: str, source: str, name: str, bare: bool = False) -> str:
        """Pointwise over the whole numbers of the map `source`, depthwise 3x3, rounding unless bare."""
        w = self.weights
        shrink = np.float32(1) if bare else np.float32(1) / self.step(name)
        steps = point_steps(w[f"{name}.point.weight"])
        whole = np.round(w[f"{name}.point.weight"] / steps[:, None])
        x = self.node("Conv", [x, self.constant(whole[:, :, None, None])])
        x = self.affine(x, steps * self.step(source), w[f"{name}.point.bias"])
        x = self.depthwise(x, w[f"{name}.depth.weight"] * shrink, w[f"{name}.depth.bias"] * shrink)
        return x if bare else self.rounded(x)

    def pool(self, x: str) -> str:
        return self.node("MaxPool", [x], kernel_shape=[2, 2], strides=[2, 2])

    def stem(self) -> str:
        steps = steps_of(self.weights["stem.conv.weight"], 63)
        whole = np.round(self.weights["stem.conv.weight"] / steps[:, None])
        kernel = whole.reshape(-1, 3, 3, 3).transpose(0, 3, 1, 2)
        x = self.node("Conv", ["image", self.constant(kernel)], strides=[2, 2], pads=[1, 1, 1, 1])
        step = self.step("stem")
        bias = self.weights["stem.conv.bias"] * (np.float32(1) / step)
        return self.rounded(self.affine(x, steps / step, bias))

    def backbone(self) -> list[tuple[str, str]]:
        """The maps at strides 8, 16 and 32, each with the name of its range."""
        x, source, out = self.pool(self.separable(self.stem(), "stem", "stem.sep")), "stem.sep", []
        for stage in range(5):
            block = 0
            while f"stages.{stage}.{block}.range" in self.weights:
                name = f"stages.{stage}.{block}"
                x, source, block = self.separable(x, source, name), name, block + 1
            if stage >= 2:
                out.append((x, source))
            if stage in (1, 2, 3):
                x = self.pool(x)
        return out

    def features(self) -> list[str]:
        """Shared feature maps of the three strides."""
        out = self.backbone()
        for i in (2, 1):
            name = f"lateral.{i}"
            out[i] = self.separable(*out[i], name), name
            scales = self.constant(np.array([1, 1, 2, 2], np.float32))
            larger = self.node("Resize", [out[i][0], "", scales], mode="nearest",
                               coordinate_transformation_mode="asymmetric", nearest_mode="floor")
            sum_name = f"sums.{i - 1}"
            fine, coarse = (self.step(part) / self.step(sum_name) for part in (out[i - 1][1], name))
            larger = self.node("Mul", [larger, self.constant(coarse)])
            total = self.fused(self.double(out[i - 1][0]), fine, larger)
            out[i - 1] = self.rounded(total), sum_name
        out[0] = self.separable(*out[0], "lateral.0"), "lateral.0"
        return [self.separable(*part, f"shared.{i}") for i, part in enumerate(out)]

    def rows(self, x: str, channels: int) -> str:
        """(1, C, H, W) to (1, H*W, C)."""
        flat = self.node("Reshape", [x, self.constant(np.array([1, channels, -1], np.int64))])
        return self.node("Transpose", [flat], perm=[0, 2, 1])

    def points(self, x: str, stride: int) -> str:
        """Where the cells of a map lie: (H*W, 2), x then y, in input pixels."""
        ones = self.node("ConstantOfShape", [self.node("Slice", [
            self.node("Shape", [x]), self.constant(np.array([2], np.int64)),
            self.constant(np.array([4], np.int64))])],
            value=numpy_helper.from_array(np.ones(1, np.float32)))
        steps = []
        for axis in (1, 0):
            total = self.node("CumSum", [ones, self.constant(np.array(axis, np.int64))], exclusive=1)
            flat = self.node("Reshape", [total, self.constant(np.array([-1, 1], np.int64))])
            steps.append(self.node("Mul", [flat, self.constant(np.array(stride, np.float32))]))
        return self.node("Concat", steps, axis=1)


def main() -> None:
    """Writes the graph."""
    graph = Graph(read_weights(Path(sys.argv[1])))
    boxes, scores = [], []
    for i, (x, stride) in enumerate(zip(graph.features(), STRIDES)):
        box = graph.separable(x, f"shared.{i}", f"box.{i}", bare=True)
        raw = graph.rows(box, 4)
        centre, size = (graph.node("Slice", [raw, graph.constant(np.array([a], np.int64)),
                                             graph.constant(np.array([b], np.int64)),
                                             graph.constant(np.array([2], np.int64))])
                        for a, b in ((0, 2), (2, 4)))
        step = graph.constant(np.array(stride, np.float32))
        centre = graph.node("Add", [graph.node("Mul", [centre, step]), graph.points(box, stride)])
        limits = [graph.constant(np.array(v, np.float32)) for v in (-6, 6)]
        size = graph.node("Exp", [graph.node("Clip", [size, *limits])])
        half = graph.node("Mul", [size, graph.constant(np.array(stride / 2, np.float32))])
        boxes.append(graph.node("Concat", [graph.node("Sub", [centre, half]),
                                           graph.node("Add", [centre, half])], axis=2))
        score = graph.separable(x, f"shared.{i}", f"score.{i}", bare=True)
        scores.append(graph.node("Sigmoid", [graph.rows(score, 2)]))
    for name, parts in (("boxes", boxes), ("scores", scores)):
        graph.nodes.append(helper.make_node("Concat", parts, [name], axis=1))
    made = helper.make_graph(
        graph.nodes, "city",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, "height", "width"])],
        [helper.make_tensor_value_info("boxes", TensorProto.FLOAT, [1, "cells", 4]),
         helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, "cells", 2])],
        graph.constants)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, sys.argv[2])


main()
