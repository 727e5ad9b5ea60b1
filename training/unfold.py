"""From shipped weights back to a network that can be trained: `python -m training.unfold WEIGHTS DATA OUT.pt`.

Folding (`training/weights.py`) merged every batch norm into the convolution before it. Here each gets one again that
takes away the mean and spread which that convolution's output has on pictures of DATA, and gives them back: evaluated,
the network computes what the shipped one does; trained, it is normalised as it was. OUT.pt is a bare state dict for
`train --init`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor, nn

from training.net import Detector, Separable
from training.quantise import sample_pictures
from training.weights import read

LEAST_SPREAD = 1e-3  # of a channel that hardly moves: its norm must not blow up what little it carries


class Moments:
    """Mean and variance of each channel over all maps that pass."""

    def __init__(self) -> None:
        self.count = 0
        self.sum: Tensor | float = 0.0
        self.squares: Tensor | float = 0.0

    def see(self, _: nn.Module, __: tuple[Tensor, ...], out: Tensor) -> None:
        """A forward hook of the convolution."""
        values = out.detach().double()
        self.count += values.numel() // values.shape[1]
        self.sum = self.sum + values.sum((0, 2, 3))
        self.squares = self.squares + values.square().sum((0, 2, 3))

    def of(self) -> tuple[Tensor, Tensor]:
        """Mean and variance; the variance is LEAST_SPREAD squared or more."""
        mean = torch.as_tensor(self.sum) / self.count
        variance = torch.as_tensor(self.squares) / self.count - mean.square()
        return mean.float(), variance.clamp(min=LEAST_SPREAD**2).float()


def normed(net: Detector) -> Iterable[tuple[str, nn.Conv2d]]:
    """The name of each batch norm of a network before folding, and the convolution before it in `net`."""
    yield "stem.bn", net.stem.conv
    for name, block in net.named_modules():
        if isinstance(block, Separable) and block.bn is not None:  # the last block of a branch has none
            yield f"{name}.bn", block.depth


@torch.no_grad()
def unfold(folded: Detector, pictures: Iterable[Tensor]) -> Detector:
    """A network with batch norm that, evaluated, computes what `folded` does; `pictures` (1, 3, H, W) as it takes."""
    moments = {name: Moments() for name, _ in normed(folded)}
    hooks = [conv.register_forward_hook(moments[name].see) for name, conv in normed(folded)]
    for picture in pictures:
        folded(picture)
    for hook in hooks:
        hook.remove()
    net = Detector().eval()
    state = {**net.state_dict(), **folded.state_dict()}
    for name, seen in moments.items():
        norm = net.get_submodule(name)
        if not isinstance(norm, nn.BatchNorm2d):
            raise TypeError(f"{name}: expected batch norm, not {norm}")
        mean, variance = seen.of()
        state[f"{name}.running_mean"], state[f"{name}.running_var"] = mean, variance
        state[f"{name}.bias"], state[f"{name}.weight"] = mean, (variance + norm.eps).sqrt()
    net.load_state_dict(state)
    return net


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path, help="NAME.safetensors")
    parser.add_argument("data", type=Path, help="folder of labelled sets to measure on")
    parser.add_argument("out", type=Path, help="state dict to write")
    args = parser.parse_args()
    folded, _ = read(args.weights)
    torch.save(unfold(folded, sample_pictures(args.data)).state_dict(), args.out)


if __name__ == "__main__":
    main()
