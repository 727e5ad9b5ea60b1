"""Which cells answer for which target: SimOTA (Ge et al.: "YOLOX", 2021, section 2.1), for independent scores."""

from __future__ import annotations

import torch
from torch import Tensor

REACH = 2.0  # strides around a target's centre within which a cell may answer for it
MOST_CELLS = 10  # a target gets as many cells as its best IoUs sum to, out of this many
IOU_COST = 3.0
# A cell either outside the box or out of reach is a last resort, taken only if nothing better is left.
OUTSIDE_COST = 1e5


def pair_iou(a: Tensor, b: Tensor) -> Tensor:
    """(n, m) overlap ratios 0..1 of boxes (n, 4) and (m, 4), x0, y0, x1, y1; an empty box overlaps nothing."""
    lt = torch.maximum(a[:, None, :2], b[None, :, :2])
    rb = torch.minimum(a[:, None, 2:], b[None, :, 2:])
    inter = (rb - lt).clamp(min=0).prod(-1)
    area_a, area_b = (a[:, 2:] - a[:, :2]).prod(-1), (b[:, 2:] - b[:, :2]).prod(-1)
    return inter / (area_a[:, None] + area_b[None] - inter + 1e-6)


@torch.no_grad()
def assign(logits: Tensor, boxes: Tensor, cells: Tensor, targets: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """For one picture: indices of the positive cells, and for each the index of its target.

    logits (N, 2), boxes (N, 4) and cells (N, 3) as the network gives them; targets (n, 4) with n > 0; labels (n,).
    Both results are empty if no cell is in reach.
    """
    points = cells[:, :2]
    centres = (targets[:, :2] + targets[:, 2:]) / 2
    inside = ((points[:, None] > targets[None, :, :2]) & (points[:, None] < targets[None, :, 2:])).all(-1)
    reach = cells[:, 2][:, None] * REACH
    near = ((points[:, None] - centres[None]).abs() < reach[..., None]).all(-1)
    candidates = (inside | near).any(1).nonzero().squeeze(1)
    if not len(candidates):
        return candidates, candidates
    iou = pair_iou(boxes[candidates], targets)
    scores = logits[candidates].sigmoid()[:, labels]
    cost = -torch.log(scores.clamp(1e-6)) - IOU_COST * torch.log(iou + 1e-6)
    cost = cost + OUTSIDE_COST * ~(inside[candidates] & near[candidates])
    match = cheapest(cost, iou)
    positive = match.any(1)
    return candidates[positive], match[positive].float().argmax(1)


def cheapest(cost: Tensor, iou: Tensor) -> Tensor:
    """(candidates, targets) bool: each target's cheapest cells, each cell with one target at most."""
    match = torch.zeros_like(cost, dtype=torch.bool)
    counts = iou.topk(min(MOST_CELLS, len(iou)), 0).values.sum(0).int().clamp(min=1)
    for target in range(cost.shape[1]):
        count = min(int(counts[target]), len(cost))
        match[cost[:, target].topk(count, largest=False).indices, target] = True
    shared = match.sum(1) > 1
    if shared.any():
        best = cost[shared].argmin(1)
        match[shared] = False
        match[shared.nonzero().squeeze(1), best] = True
    return match
