"""Train the encoder or the locator on a CPU and write it as ONNX.

    python -m monitor.observers.likeness.training.train encoder ../shared/training --out build/encoder.onnx

Pictures are made in a process of their own while the network learns in this one.
"""

import argparse
import json
import math
import multiprocessing
import time
from collections.abc import Callable, Iterator
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import normalize
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from monitor.observers.likeness.sight import CROP
from monitor.observers.likeness.training import clear, configuration, crop, network, pictures, pool, resume, scene

CHECKPOINT = 180.0  # seconds
AVERAGED = 0.998  # of the moving average of the weights, from step to step
Arrays = tuple[NDArray[Any], ...]


def kept_rows(data: pictures.Pictures, config: dict[str, Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row indices of the persons to train on, and each such row's person numbered densely from 0."""
    held = data.held_back(share=config["held_back"], seed=config["seed"])
    rows = np.flatnonzero(~np.isin(data.person, held))
    _, classes = np.unique(data.person[rows], return_inverse=True)
    return rows, classes.astype(np.int64)


def _encoder_arrays(folder: Path, cache: Path, config: dict[str, Any], seed: int) -> Iterator[Arrays]:
    data = pictures.read(folder, cache)
    rows, classes = kept_rows(data, config)
    for batch in crop.batches(data, rows, classes, size=config["encoder"]["batch"], seed=seed):
        yield batch.pictures, batch.classes


def _locator_arrays(folder: Path, cache: Path, config: dict[str, Any], seed: int) -> Iterator[Arrays]:
    data = pictures.read(folder, cache)
    rows, _ = kept_rows(data, config)
    for batch in scene.batches(data, rows, size=config["locator"]["batch"], seed=seed):
        yield batch.pictures, batch.heat, batch.edges, batch.weight


SUPPLIES = {"encoder": _encoder_arrays, "locator": _locator_arrays}


def _supply(kind: str, folder: Path, cache: Path, config: dict[str, Any], seed: int, queue: "Queue[Arrays]") -> None:
    cv2.setNumThreads(1)
    for arrays in SUPPLIES[kind](folder, cache, config, seed):
        queue.put(arrays)


def supply(
    kind: str, folder: Path, cache: Path, config: dict[str, Any], workers: int, *, resumed: bool
) -> Callable[[], Arrays]:
    """Start ``workers`` processes (they end with this one) and return what takes the next batch from them.

    Batches are taken from the workers in turn, so that a run can be repeated.
    """
    context = multiprocessing.get_context("spawn")
    queues: list[Queue[Arrays]] = [context.Queue(6) for _ in range(workers)]
    for number, queue in enumerate(queues):
        seed = config["seed"] + (5000 if resumed else 1000) + number
        context.Process(target=_supply, args=(kind, folder, cache, config, seed, queue), daemon=True).start()
    turn = iter(range(10**12))
    return lambda: queues[next(turn) % workers].get()


def learn(
    module: nn.Module,
    loss_of: Callable[[Arrays, float], Tensor],
    take: Callable[[], Arrays],
    parameters: list[Tensor],
    settings: dict[str, Any],
    seconds: float | None,
    keep: Path,
) -> None:
    """AdamW with a warm-up and a cosine to zero over ``steps``, or over ``seconds`` where given.

    What remains is the moving average of the weights. Every few minutes it is written to ``keep``, so that a run that
    is cut short was not for nothing.
    """
    parameters = [one for one in parameters if one.requires_grad]
    optimiser = torch.optim.AdamW(parameters, lr=0.0, weight_decay=settings["weight_decay"], fused=True)
    began, step, progress, running = time.monotonic(), 0, 0.0, 0.0
    kept = began
    average = AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(AVERAGED), use_buffers=True)  # type: ignore[no-untyped-call]
    module.train()
    while progress < 1:
        progress = (time.monotonic() - began) / seconds if seconds else step / settings["steps"]
        rate = settings["peak_rate"] * min(1, progress / 0.05) * (0.5 + 0.5 * math.cos(math.pi * min(progress, 1)))
        for group in optimiser.param_groups:
            group["lr"] = rate
        loss = loss_of(take(), progress)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(parameters, 5.0)
        optimiser.step()
        average.update_parameters(module)
        running += (loss.item() - running) * (0.01 if step > 100 else 0.1)
        step += 1
        if time.monotonic() - kept > CHECKPOINT:
            torch.save(average.module.state_dict(), keep)
            kept = time.monotonic()
        if step % 100 == 0:
            print(f"{step} {progress:.1%} loss {running:.4f} {time.monotonic() - began:.0f} s", flush=True)  # noqa: T201
    module.load_state_dict(average.module.state_dict())


def train_encoder(
    take: Callable[[], Arrays], config: dict[str, Any], classes: int, given: argparse.Namespace
) -> network.Looking:
    """The encoder, trained as a classifier of person x hue with an angular margin, then how clearly it sees."""
    settings = config["encoder"]
    net = _encoder(settings, tuple(settings["blocks"]))
    arc = network.ArcFace(
        vector=settings["vector"],
        classes=classes,
        scale=settings["scale"],
        margin=settings["margin"],
        hard=settings["hard"],
    )

    if given.start:
        _resumed(net, given, settings, torch.from_numpy(take()[0]))
        arc.settle(net, take)
        net.keep(settings["resumed_keeps"])
        settings = settings | {"margin_from": -1.0, "margin_until": 0.0, "peak_rate": settings["resumed_rate"]}

    def loss_of(arrays: Arrays, progress: float) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            vectors = net(torch.from_numpy(arrays[0]))
        classes = torch.from_numpy(arrays[1])
        grown = (progress - settings["margin_from"]) / (settings["margin_until"] - settings["margin_from"])
        loss: Tensor = arc(vectors, classes, min(1.0, max(0.0, grown)))
        loss += settings["alike"] * network.alike_loss(vectors, classes, warmth=settings["warmth"])
        return loss

    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if given.seconds != 0:
        made = pool.Pool(
            lambda: _pair(take()), room=settings["pool"], begin=settings["pool_begins"], uses=settings["uses"], seed=1
        )

        def beside() -> Arrays:
            return made.batch(normalize(arc.centres.detach(), dim=1).numpy(), groups=settings["groups"])

        learn(net, loss_of, beside, [*net.parameters(), *arc.parameters()], settings, given.seconds, _checkpoint(given))
    net.eval()
    torch.save(net.state_dict(), given.out.with_suffix(".pt"))
    seen = clear.fit(net, arc.centres, take, batches=settings["clear_batches"], unclear=settings["unclear"])
    return network.Looking(net, seen)


def _pair(arrays: Arrays) -> pool.Made:
    pictures_, classes = arrays
    return pictures_, classes


def _encoder(settings: dict[str, Any], blocks: tuple[int, ...]) -> network.EncoderNet:
    return network.EncoderNet(side=CROP, widths=tuple(settings["widths"]), vector=settings["vector"], blocks=blocks)


def _resumed(net: network.EncoderNet, given: argparse.Namespace, settings: dict[str, Any], batch: Tensor) -> None:
    if not given.grow:
        resume.begun(net, given.start, batch)
        return
    plain = _encoder(settings, ())
    resume.begun(plain, given.start, batch)
    resume.grown(net, plain)


def train_locator(take: Callable[[], Arrays], config: dict[str, Any], given: argparse.Namespace) -> nn.Module:
    """The locator: focal loss on centres (Zhou et al. 2019), overlap and edge loss on boxes."""
    net, settings = network.LocatorNet(), config["locator"]
    if given.start:
        resume.begun(net, given.start, torch.from_numpy(take()[0]))
        settings = settings | {"peak_rate": settings["resumed_rate"]}
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def loss_of(arrays: Arrays, _: float) -> Tensor:
        frames, heat, edges, weight = (torch.from_numpy(a) for a in arrays)
        with torch.autocast("cpu", torch.bfloat16):
            out = net(frames)
        return network.located_loss(out.float(), heat, edges, weight)

    learn(net, loss_of, take, list(net.parameters()), settings, given.seconds, _checkpoint(given))
    net.eval()
    torch.save(net.state_dict(), given.out.with_suffix(".pt"))
    return net


def _checkpoint(given: argparse.Namespace) -> Path:
    return Path(given.out).with_suffix(".part.pt")


def export(net: nn.Module, example: Tensor, out: Path, names: tuple[str, ...], dynamic: dict[int, str]) -> None:
    """Write ``net`` as ONNX (opset 17); ``names`` of its input and its outputs, which share the sizes ``dynamic``."""
    torch.onnx.export(
        net.to(memory_format=torch.contiguous_format),  # type: ignore[call-overload]
        (example,),
        str(out),
        input_names=[names[0]],
        output_names=list(names[1:]),
        dynamic_axes=dict.fromkeys(names, dynamic),
        opset_version=17,
        dynamo=False,
    )


def main() -> None:
    """Read the arguments, train, export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=sorted(SUPPLIES))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("build/likeness"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--seconds",
        type=float,
        help="train so long instead of the configured steps; 0: only fit how clearly --start sees",
    )
    parser.add_argument("--start", type=Path, help="begin with these weights (.onnx, or .pt of an earlier run)")
    parser.add_argument("--grow", action="store_true", help="--start has one residual a width, the configured has more")
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    settings = configuration.config()
    torch.set_num_threads(1)
    torch.manual_seed(settings["seed"])
    given.out.parent.mkdir(parents=True, exist_ok=True)
    take = supply(given.kind, given.folder, given.cache, settings, given.workers, resumed=given.start is not None)
    if given.kind == "encoder":
        _, numbers = kept_rows(pictures.read(given.folder, given.cache), settings)
        looking = train_encoder(take, settings, (int(numbers.max()) + 1) * len(crop.HUES), given)
        example = torch.zeros(2, CROP, CROP, 3, dtype=torch.uint8)
        export(looking, example, given.out, ("picture", "vector", "clear"), {0: "n"})
    else:
        net = train_locator(take, settings, given)
        example = torch.zeros(1, 160, 256, 3, dtype=torch.uint8)
        export(net, example, given.out, ("frame", "map"), {0: "n", 1: "height", 2: "width"})
    print(json.dumps({"written": str(given.out), "bytes": given.out.stat().st_size}))  # noqa: T201


if __name__ == "__main__":
    main()
