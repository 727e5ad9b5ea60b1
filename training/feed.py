"""Batches for the trainer, made in a process of their own while it computes."""

from __future__ import annotations

import multiprocessing as mp
import queue
import random
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from training.augment import crops
from training.compose import Drawer
from training.sets import LURE, PLATE, Picture
from training.soft import draw_soft
from training.synthesis import synthesise

CROPS_A_PICTURE = 3  # a picture is decoded once for this many crops
POOL_BATCHES = 6  # crops are shuffled over this many batches, so that one picture's do not meet in one
QUEUED_BATCHES = 8
SOFT = 0.025  # chance at strength 1, a stored picture, that one of nothing comes before it
WAIT_S = 120.0


@dataclass(frozen=True)
class Crop:
    """One training example."""

    image: np.ndarray
    """uint8 (side, side, 3), BGR."""
    boxes: np.ndarray
    """float32 (n, 5), crop pixels, as `sets.Picture.boxes`."""
    known: tuple[bool, bool]
    """For faces and plates: is the background labelled, so that the score may be pushed down there?"""
    taught: bool
    """May the teacher speak? Not in pictures without any box: there its own false faces would be taught."""


@dataclass(frozen=True)
class Batch:
    """Crops stacked; one row a crop."""

    images: np.ndarray
    """uint8 (B, 3, side, side), BGR."""
    boxes: list[np.ndarray]
    known: np.ndarray
    """float32 (B, 2), 0 or 1."""
    taught: np.ndarray
    """float32 (B,), 0 or 1."""


def read_picture(picture: Picture) -> np.ndarray:
    """uint8 (H, W, 3) BGR as stored: labels count stored pixels, so a turn in the metadata is not applied."""
    image = cv2.imread(str(picture.path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if image is None:
        raise ValueError(f"{picture.path}: cannot be read as a picture")
    return image


def stream(
    sets: list[list[Picture]], weights: list[float], side: int, seed: int, synthesis: float = 0.0
) -> Iterator[Crop]:
    """Crops without end. A set is drawn by its weight; within it every picture comes once before one comes again.

    `synthesis` is the strength of `synthesise`, and how often a picture of nothing comes.
    """
    rng, drawer = random.Random(seed), Drawer()
    waiting: list[list[Picture]] = [[] for _ in sets]
    while True:
        if rng.random() < SOFT * synthesis:
            nothing = np.zeros((0, 5), np.float32)
            for crop, _ in crops(draw_soft(rng), nothing, CROPS_A_PICTURE, side, rng):
                yield Crop(crop, nothing, known=(True, True), taught=False)
        which = rng.choices(range(len(sets)), weights)[0]
        if not waiting[which]:
            waiting[which] = rng.sample(sets[which], len(sets[which]))
        picture = waiting[which].pop()
        image = read_picture(picture)
        boxes = synthesise(image, picture.boxes, picture.known[PLATE], synthesis, rng, drawer)
        taught = bool((picture.boxes[:, 4] != LURE).any())
        for crop, moved in crops(image, boxes, CROPS_A_PICTURE, side, rng):
            # Plates that were put in say nothing about faces: the teacher speaks as it would without them.
            yield Crop(crop, moved, picture.known, taught=taught)


def batches(source: Iterator[Crop], size: int, seed: int) -> Iterator[Batch]:
    """Batches of `size` crops out of a shuffled pool."""
    rng = random.Random(seed)
    pool: list[Crop] = []
    while True:
        while len(pool) < size * POOL_BATCHES:
            pool.append(next(source))
        rng.shuffle(pool)
        taken, pool = pool[:size], pool[size:]
        yield Batch(
            images=np.stack([crop.image for crop in taken]).transpose(0, 3, 1, 2),
            boxes=[crop.boxes for crop in taken],
            known=np.array([crop.known for crop in taken], np.float32),
            taught=np.array([crop.taught for crop in taken], np.float32),
        )


def work(
    out: Any, sets: list[list[Picture]], weights: list[float], side: int, size: int, seed: int, synthesis: float
) -> None:
    """The worker's body: fill the queue as long as the trainer lives."""
    # Ctrl-C reaches the whole group; the trainer saves and then ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    for batch in batches(stream(sets, weights, side, seed, synthesis), size, seed):
        if not put(out, batch):
            # Nobody reads any more: do not wait at exit for what is still queued.
            out.cancel_join_thread()
            return


def put(out: Any, batch: Batch) -> bool:
    """Wait for room in the queue; False once the trainer is gone, which a killed one cannot announce."""
    trainer = mp.parent_process()
    while trainer is None or trainer.is_alive():
        try:
            out.put(batch, timeout=1.0)
            return True
        except queue.Full:
            continue
    return False


class FeedDied(RuntimeError):
    """No batch will come; the worker's traceback, if it left one, is on stderr."""


class Feed:
    """The worker and its queue."""

    def __init__(
        self, sets: list[list[Picture]], weights: list[float], side: int, size: int, seed: int, synthesis: float = 0.0
    ) -> None:
        # Spawned: a fork of a process in which torch has started threads can hang.
        context = mp.get_context("spawn")
        self._queue: Any = context.Queue(QUEUED_BATCHES)
        task = self._queue, sets, weights, side, size, seed, synthesis
        self._worker = context.Process(target=work, args=task, daemon=True)
        self._worker.start()

    def next(self) -> Batch:
        """The next batch. Raises FeedDied if the worker is dead or stalls."""
        waited = 0.0
        while waited < WAIT_S:
            try:
                batch: Batch = self._queue.get(timeout=1.0)
                return batch
            except queue.Empty:
                waited += 1.0
                if not self._worker.is_alive():
                    raise FeedDied(f"the feed died with exit code {self._worker.exitcode}") from None
        raise FeedDied(f"the feed gave nothing for {WAIT_S:.0f} s")

    def close(self) -> None:
        """End the worker; what it had queued is dropped."""
        self._worker.terminate()
        self._worker.join()
