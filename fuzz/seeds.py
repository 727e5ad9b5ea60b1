"""Makes the first inputs of the fuzz targets: drawn test patterns, no photographs.

FFmpeg cannot write JPEG with arithmetic coding; those come from the tests of the jpeg crate.

    seeds.py FOLDER
"""

import json
import os
import struct
import subprocess
import sys
import zlib

ARITHMETIC = ["arithmetic.jpg", "arithmetic_progressive.jpg", "arithmetic_restarts.jpg"]
CANARY = b"CANARY\0\0\0PIXELS"
# Name, FFmpeg's picture source and options.
PICTURES = [
    ("baseline.jpg", "testsrc=s=40x24", ["-c:v", "mjpeg", "-q:v", "8"]),
    ("subsampled.jpg", "testsrc=s=33x17", ["-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-q:v", "20"]),
    ("grey.jpg", "testsrc=s=24x24", ["-c:v", "mjpeg", "-pix_fmt", "gray"]),
    ("rgb.png", "testsrc=s=24x16", ["-c:v", "png", "-pix_fmt", "rgb24"]),
    ("deep.png", "testsrc=s=24x16", ["-c:v", "png", "-pix_fmt", "rgba64be"]),
    ("palette.png", "testsrc=s=24x16", ["-c:v", "png", "-pix_fmt", "pal8"]),
    ("bits.png", "testsrc=s=17x9", ["-c:v", "png", "-pix_fmt", "monob"]),
    ("moving.png", "testsrc=s=16x16:d=0.08", ["-c:v", "apng", "-f", "apng", "-plays", "0"]),
    ("rgb.tiff", "testsrc=s=24x16", ["-c:v", "tiff", "-pix_fmt", "rgb24"]),
    ("palette.tiff", "testsrc=s=24x16", ["-c:v", "tiff", "-pix_fmt", "pal8"]),
    ("grey.tiff", "testsrc=s=24x16", ["-c:v", "tiff", "-pix_fmt", "gray16le"]),
    ("plain.bmp", "testsrc=s=24x16", ["-c:v", "bmp"]),
    ("moving.gif", "testsrc=s=24x16:d=0.12", ["-c:v", "gif"]),
    ("lossy.webp", "testsrc=s=24x16", ["-c:v", "libwebp"]),
    ("lossless.webp", "testsrc=s=24x16", ["-c:v", "libwebp", "-lossless", "1"]),
    ("moving.webp", "testsrc=s=24x16:d=0.12", ["-c:v", "libwebp_anim"]),
]


def picture(source: str, options: list[str], path: str) -> bytes:
    """A test pattern, drawn by FFmpeg."""
    one = [] if ":d=" in source else ["-frames:v", "1"]
    command = ["ffmpeg", "-v", "error", "-y", "-bitexact", "-f", "lavfi", "-i", source + ":r=25"]
    if ":d=" not in source:
        command[-1] += ":d=1"
    subprocess.run([*command, *one, *options, path], check=True)
    with open(path, "rb") as file:
        return file.read()


def marked(name: str, data: bytes) -> bytes:
    """The picture with the marker where its format keeps text."""
    if name.endswith(".jpg"):
        comment = b"\xff\xfe" + struct.pack(">H", len(CANARY) + 2) + CANARY
        exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0" + CANARY
        app1 = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
        return data[:2] + app1 + comment + data[2:] + CANARY
    if name.endswith(".png"):
        body = b"tEXtTitle\0" + CANARY
        chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
        return data[:33] + chunk + data[33:]
    if name.endswith(".gif"):
        return data[:-1] + b"\x21\xfe" + bytes([len(CANARY)]) + CANARY + b"\0" + data[-1:]
    if name.endswith(".webp"):
        chunk = b"XMP " + struct.pack("<I", len(CANARY)) + CANARY + b"\0" * (len(CANARY) % 2)
        return data[:4] + struct.pack("<I", len(data) - 8 + len(chunk)) + data[8:] + chunk
    return data + CANARY


def safetensors() -> bytes:
    """A weights file of one tensor."""
    entry = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    header = json.dumps({"stem.conv.bias": entry}).encode()
    return struct.pack("<Q", len(header)) + header + struct.pack("<2f", 0.5, -1)


def report() -> bytes:
    """The example of docs/report.md."""
    with open("docs/report.md", encoding="utf-8") as file:
        return file.read().split("```json\n")[1].split("```")[0].encode()


def main() -> None:
    """Writes every seed that is not there yet."""
    root = sys.argv[1]
    seeds: dict[str, dict[str, bytes]] = {"jpeg_read": {}, "photo": {}}
    work = os.path.join(root, "drawn")
    os.makedirs(work, exist_ok=True)
    for name, source, options in PICTURES:
        data = picture(source, options, os.path.join(work, name))
        seeds["photo"][name] = marked(name, data)
        if name.endswith(".jpg"):
            seeds["jpeg_read"][name] = data
    for name in ARITHMETIC:
        with open(os.path.join("crates/jpeg/tests/data", name), "rb") as file:
            seeds["jpeg_read"][name] = file.read()
        seeds["photo"][name] = marked(name, seeds["jpeg_read"][name])
    with open("crates/detect/weights/city.json", "rb") as file:
        seeds["weights"] = {"card": file.read(), "tensors": safetensors()}
    seeds["report"] = {"example": report()}
    for target, files in seeds.items():
        os.makedirs(os.path.join(root, target), exist_ok=True)
        for name, data in files.items():
            with open(os.path.join(root, target, name), "wb") as file:
                file.write(data)


if __name__ == "__main__":
    main()
