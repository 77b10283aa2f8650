"""How clearly a picture shows its avatar: a line on the encoder's last map, fitted once the encoder has been trained.

A picture counts as clear where the encoder puts it near enough to its own class: covers, blur, the edge of the frame
and whatever else hides an avatar are learnt alike, without being told apart.
"""

from collections.abc import Callable
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from monitor.observers.likeness.training import network

STEPS = 400
RIDGE = 1e-3


def fit(
    encoder: network.EncoderNet,
    centres: Tensor,
    take: Callable[[], tuple[NDArray[Any], ...]],
    *,
    batches: int,
    unclear: float,
) -> network.Clearness:
    """A clearness for ``encoder``; ``centres`` (classes, vector); the share ``unclear`` of pictures is not clear."""
    out = network.Clearness(width=encoder.width, cells=encoder.cells)
    features, nearness = _collected(encoder, out, functional.normalize(centres.detach(), dim=1), take, batches)
    clear = (nearness > nearness.quantile(unclear)).float()
    mean, spread = features.mean(dim=0), features.std(dim=0) + 1e-3
    line = torch.zeros(features.shape[1] + 1, requires_grad=True)
    optimiser = torch.optim.Adam([line], lr=0.01)
    for _ in range(STEPS):
        logit = (features - mean) / spread @ line[:-1] + line[-1]
        loss = functional.binary_cross_entropy_with_logits(logit, clear) + RIDGE * line[:-1].square().sum()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    with torch.no_grad():
        out.line.weight.copy_((line[:-1] / spread)[None])
        out.line.bias.copy_(line[-1] - (line[:-1] * mean / spread).sum())
    out.eval()
    return out


@torch.no_grad()
def _collected(
    encoder: network.EncoderNet,
    clearness: network.Clearness,
    centres: Tensor,
    take: Callable[[], tuple[NDArray[Any], ...]],
    batches: int,
) -> tuple[Tensor, Tensor]:
    """Pooled last maps of so many batches, and the cosine of each picture with its own class."""
    encoder.eval()
    features, nearness = [], []
    for _ in range(batches):
        pictures, classes = take()
        last_map = encoder.mapped(torch.from_numpy(pictures))
        features.append(clearness.pool(last_map.float()))
        nearness.append((encoder.told(last_map) * centres[torch.from_numpy(classes)]).sum(dim=1))
    return torch.cat(features), torch.cat(nearness)
