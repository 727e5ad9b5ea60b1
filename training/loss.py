"""What the network is punished for: wrong boxes, wrong scores, and disagreeing with its teacher where no label speaks.

Score: binary cross entropy for each class, with the box's IoU as the target and less weight on easy background (after
focal loss, Lin et al. 2017). Box: EIoU (Zhang et al.: "Focal and Efficient IOU Loss", 2021).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.assign import assign
from training.net import decode
from training.sets import FACE, IGNORE

BOX_WEIGHT, TEACHER_WEIGHT = 2.5, 0.8
FOCUS = 1.2  # exponent of the score on background
IGNORE_MARGIN = 2.0  # px around an ignored box in which background is not trained either
LEAST_TARGET = 0.3  # a positive cell's score aims at sqrt(IoU), but never lower than sqrt of this
# Faster where the processor multiplies bfloat16 itself, and many times slower where it does not.
CPU_FLAGS = Path("/proc/cpuinfo").read_text(encoding="utf-8").split() if Path("/proc/cpuinfo").exists() else []
HAS_BFLOAT16 = "avx512_bf16" in CPU_FLAGS or "amx_bf16" in CPU_FLAGS
TEACHER_SURE = 0.3  # from this score on the teacher's word replaces "background" in the face score


@dataclass(frozen=True)
class Losses:
    """`total` is to be minimised (a scalar tensor); `score` and `box` are for the log, a positive cell each."""

    total: Tensor
    score: float
    box: float


def loss(
    net: nn.Module,
    images: Tensor,
    targets: list[Tensor],
    known: Tensor,
    teacher: nn.Module | None = None,
    taught: Tensor | None = None,
) -> Losses:
    """Mean loss a positive cell.

    images (B, 3, H, W); targets: for each picture (n, 5) x0, y0, x1, y1, class, n may be 0; known (B, 2): 1 where a
    class's background is labelled; taught (B,): 1 where the teacher, if any, may speak.
    """
    with torch.autocast("cpu", torch.bfloat16, enabled=HAS_BFLOAT16):
        logits, offsets, cells = net(images)
    logits, offsets, cells = logits.float(), offsets.float(), cells.float()
    boxes = decode(offsets, cells)
    want = torch.zeros_like(logits)
    weight = known[:, None, :].expand_as(logits).clone()
    box_loss, positives = boxes.sum() * 0, 0
    for i, target in enumerate(targets):
        ignored = target[:, 4] == IGNORE
        weight[i][near_any(cells[:, :2], target[ignored])] = 0
        found, count = match_picture(logits[i], boxes[i], cells, target[~ignored], want[i], weight[i])
        box_loss, positives = box_loss + found, positives + count
    n = max(positives, 1)
    teacher_loss = logits.sum() * 0
    if teacher is not None and taught is not None:
        teacher_loss = follow(teacher, images, logits, want, weight, taught)
    score_loss = focal(logits, want, weight)
    total = score_loss / n + TEACHER_WEIGHT * teacher_loss / n + BOX_WEIGHT * box_loss / n
    return Losses(total, float(score_loss.detach()) / n, float(box_loss.detach()) / n)


def near_any(points: Tensor, boxes: Tensor) -> Tensor:
    """(N,) bool: points (N, 2) within IGNORE_MARGIN of any box (n, 4 or more)."""
    above = points[:, None] >= boxes[None, :, :2] - IGNORE_MARGIN
    below = points[:, None] <= boxes[None, :, 2:4] + IGNORE_MARGIN
    return (above & below).all(-1).any(1)


def match_picture(
    logits: Tensor, boxes: Tensor, cells: Tensor, target: Tensor, want: Tensor, weight: Tensor
) -> tuple[Tensor, int]:
    """Box loss summed over one picture's positive cells, and their number; sets their `want` and `weight` in place."""
    nothing = boxes.sum() * 0
    if not len(target):
        return nothing, 0
    labels = target[:, 4].long()
    positive, which = assign(logits, boxes, cells, target[:, :4], labels)
    if not len(positive):
        return nothing, 0
    lost, iou = eiou(boxes[positive], target[which, :4])
    want[positive, labels[which]] = iou.detach().clamp(LEAST_TARGET, 1.0) ** 0.5
    weight[positive, labels[which]] = 1
    return lost.sum(), len(positive)


def eiou(p: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    """EIoU loss (n,), 0 or more, and IoU (n,), 0..1, of predicted and true boxes (n, 4)."""
    lt, rb = torch.maximum(p[:, :2], t[:, :2]), torch.minimum(p[:, 2:], t[:, 2:])
    inter = (rb - lt).clamp(min=0).prod(-1)
    size_p, size_t = p[:, 2:] - p[:, :2], t[:, 2:] - t[:, :2]
    iou = inter / (size_p.clamp(min=0).prod(-1) + size_t.prod(-1) - inter + 1e-6)
    hull = torch.maximum(p[:, 2:], t[:, 2:]) - torch.minimum(p[:, :2], t[:, :2])
    apart = ((p[:, :2] + p[:, 2:]) - (t[:, :2] + t[:, 2:])) / 2
    centre_term = apart.pow(2).sum(-1) / (hull.pow(2).sum(-1) + 1e-6)
    size_term = ((size_p - size_t).pow(2) / (hull.pow(2) + 1e-6)).sum(-1)
    return 1 - iou + centre_term + size_term, iou


def follow(teacher: nn.Module, images: Tensor, logits: Tensor, want: Tensor, weight: Tensor, taught: Tensor) -> Tensor:
    """Divergence from the teacher's face score on cells that no label made positive, summed.

    Where the teacher is sure of a face, the label "background" is dropped in place: crowds are rarely labelled whole.
    """
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=HAS_BFLOAT16):
        hint = teacher(images)[0][..., FACE].float().sigmoid()
    free = (want[..., FACE] == 0) & (taught[:, None] > 0)
    weight[..., FACE][free & (hint > TEACHER_SURE)] = 0
    hint = hint.clamp(1e-4, 1 - 1e-4)
    cross = F.binary_cross_entropy_with_logits(logits[..., FACE], hint, reduction="none")
    return ((cross - F.binary_cross_entropy(hint, hint, reduction="none")) * free).sum()


def focal(logits: Tensor, want: Tensor, weight: Tensor) -> Tensor:
    """Weighted cross entropy, summed; background counts by how much the network is taken in by it."""
    scores = logits.sigmoid()
    focus = torch.where(want > 0, torch.ones_like(scores), scores.detach() ** FOCUS)
    return (F.binary_cross_entropy_with_logits(logits, want, reduction="none") * weight * focus).sum()
