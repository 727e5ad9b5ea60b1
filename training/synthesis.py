"""What the feed adds to a stored picture before it is cropped: other plates, more plates, things that are none."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import numpy as np

from training.compose import Drawer, decoy, mount, replate
from training.sets import PLATE

# Chances at strength 1: a labelled plate, a picture, a picture. At 0.25 mounted ones the network took every bright
# rectangle for a plate: away from cars there is little that tells one.
REPLATED, MOUNTED, DECOYED = 0.35, 0.04, 0.35
MOST_MOUNTED, MOST_DECOYS = 3, 4


def synthesise(
    image: np.ndarray, boxes: np.ndarray, plates_known: bool, strength: float, rng: Random, drawer: Drawer
) -> np.ndarray:
    """Changes `image`, uint8 (H, W, 3); the boxes, float32 (n, 5), with those of the plates that came in.

    `strength` scales all chances. Where plates are not labelled, none is added: that background is not trained. No
    box is covered, whatever its class.
    """
    if strength <= 0:
        return boxes
    for box in boxes[boxes[:, 4] == PLATE]:
        if rng.random() < REPLATED * strength:
            replate(image, box[:4], rng, drawer)
    if not plates_known:
        return boxes
    taken, mounted = boxes[:, :4], 0
    if rng.random() < MOUNTED * strength:
        taken = add(mount, rng.randint(1, MOST_MOUNTED), image, rng, taken, drawer)
        mounted = len(taken) - len(boxes)
    if rng.random() < DECOYED * strength:
        taken = add(decoy, rng.randint(1, MOST_DECOYS), image, rng, taken, drawer)
    added = taken[len(boxes) : len(boxes) + mounted]
    kinds = np.full((mounted, 1), PLATE, np.float32)
    return np.vstack([boxes, np.hstack([added, kinds])]).astype(np.float32)


Put = Callable[[np.ndarray, Random, np.ndarray, Drawer], np.ndarray | None]


def add(put: Put, count: int, image: np.ndarray, rng: Random, taken: np.ndarray, drawer: Drawer) -> np.ndarray:
    """Changes `image`: up to `count` things more; `taken` (n, 4) with their boxes."""
    for _ in range(count):
        box = put(image, rng, taken, drawer)
        if box is not None:
            taken = np.vstack([taken, box])
    return taken
