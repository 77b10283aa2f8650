"""Begin a training where a finished one ended: weights out of a ``.pt`` file, or out of the ONNX file that ships.

An exported network has its batch normalisations folded into the convolutions before them. They are unfolded again
with the statistics of one batch, so that the network answers as it did and can go on learning.
"""

import re
from pathlib import Path

import torch
from torch import Tensor, nn

from monitor.observers.likeness.training.network import EncoderNet

_FOLDED = re.compile(r"onnx::(?:Conv|MatMul)_(\d+)")  # what the exporter calls a folded weight, numbered as it runs
EPSILON = 1e-5  # of torch's batch normalisation
Normalisation = nn.BatchNorm1d | nn.BatchNorm2d


def begun(net: nn.Module, start: Path, batch: Tensor) -> nn.Module:
    """``net`` with the weights in ``start``; ``batch``: uint8 pictures (N, H, W, 3), N large, as it will be trained on.

    Raises ValueError where the file is of another network.
    """
    if start.suffix == ".onnx":
        _unfold(net, start, batch)
    else:
        net.load_state_dict(torch.load(start, weights_only=True))
    return net


@torch.no_grad()
def grown(net: EncoderNet, start: EncoderNet) -> None:
    """Give ``net`` all that ``start`` knows, which has one residual a width; those that it has more pass on at first.

    Both answer alike then, and ``net`` can learn more.
    """
    first = [sum(net.blocks[:n]) for n in range(len(net.blocks))]
    known = {}
    for name, value in start.state_dict().items():
        stage = re.match(r"stages\.(\d+)\.", name)
        known[f"stages.{first[int(stage[1])]}.{name[stage.end() :]}" if stage else name] = value
    net.load_state_dict(known, strict=False)
    for number, residual in enumerate(net.stages):
        if number not in first:
            residual.second[1].weight.zero_()  # type: ignore[index,union-attr,operator]


def _unfold(net: nn.Module, start: Path, batch: Tensor) -> None:
    named, folded = _initialisers(start)
    shifts: dict[str, Tensor] = {}
    rest = iter(folded)
    layers = [(n, m) for n, m in net.named_modules() if isinstance(m, nn.Conv2d | nn.Linear | Normalisation)]
    try:
        with torch.no_grad():
            for (name, layer), after in zip(layers, [*(name for name, _ in layers[1:]), ""], strict=True):
                if f"{name}.weight" in named:
                    layer.load_state_dict(
                        {
                            k: named.pop(f"{name}.{k}")
                            for k in ("weight", "bias", "running_mean", "running_var")
                            if f"{name}.{k}" in named
                        },
                        strict=False,
                    )
                elif isinstance(layer, nn.Linear):
                    layer.weight.copy_(next(rest).T)
                elif isinstance(layer, nn.Conv2d):
                    layer.weight.copy_(next(rest))
                    shifts[after] = next(rest)
    except (StopIteration, RuntimeError) as error:
        raise ValueError(f"{start}: not the network of config.toml") from error
    if named or next(rest, None) is not None:
        raise ValueError(f"{start}: not the network of config.toml")
    _normalise(net, shifts, batch)


def _initialisers(start: Path) -> tuple[dict[str, Tensor], list[Tensor]]:
    """Weights that kept their names, and folded ones in the order in which they are used."""
    import onnx

    named: dict[str, Tensor] = {}
    folded: list[tuple[int, Tensor]] = []
    for entry in onnx.load(str(start)).graph.initializer:
        value = torch.from_numpy(onnx.numpy_helper.to_array(entry).copy())
        number = _FOLDED.fullmatch(entry.name)
        if number:
            folded.append((int(number[1]), value))
        elif not entry.name.startswith("clearness."):  # fitted anew after every training
            named[entry.name.removeprefix("encoder.")] = value
    return named, [value for _, value in sorted(folded, key=lambda pair: pair[0])]


@torch.no_grad()
def _normalise(net: nn.Module, shifts: dict[str, Tensor], batch: Tensor) -> None:
    """Give each normalisation the mean and deviation of what reaches it, undone by its own weight and bias."""

    def settle(layer: nn.Module, arrives: tuple[Tensor], shift: Tensor) -> None:
        mean, variance = arrives[0].mean(dim=(0, 2, 3)), arrives[0].var(dim=(0, 2, 3))
        weight = (variance + EPSILON).sqrt()
        state = {"running_mean": mean, "running_var": variance, "weight": weight, "bias": shift + mean}
        layer.load_state_dict(state, strict=False)

    layers = dict(net.named_modules())
    hooks = [
        layers[name].register_forward_pre_hook(lambda layer, arrives, shift=shift: settle(layer, arrives, shift))
        for name, shift in shifts.items()
    ]
    net.eval()
    net(batch)
    net.train()
    for hook in hooks:
        hook.remove()
