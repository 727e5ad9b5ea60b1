"""Runs the ONNX export on pictures, for tests/onnx_runtime.rs.

usage: onnx_runtime.py MODEL.onnx FOLDER
Reads each NAME.ppm (P6, 8 bits) of FOLDER and writes NAME.f32: boxes (N, 4), then scores
(N, 2), little-endian float32.
"""
import pathlib
import re
import sys

import numpy as np
import onnxruntime


def read_ppm(path):
    data = path.read_bytes()
    head = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", data)
    shape = (int(head[2]), int(head[1]), 3)
    return np.frombuffer(data, np.uint8, np.prod(shape), head.end()).reshape(shape)


def main():
    model, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    for path in sorted(folder.glob("*.ppm")):
        bgr = read_ppm(path)[:, :, ::-1]
        height, width = (-(-side // 32) * 32 for side in bgr.shape[:2])
        image = np.zeros((1, 3, height, width), np.float32)
        image[0, :, : bgr.shape[0], : bgr.shape[1]] = bgr.transpose(2, 0, 1)
        boxes, scores = session.run(["boxes", "scores"], {"image": image})
        flat = np.concatenate([boxes.ravel(), scores.ravel()])
        path.with_suffix(".f32").write_bytes(flat.astype("<f4").tobytes())


main()
