"""The two networks, as torch modules that take uint8 BGR pictures (N, H, W, 3) and do their own scaling."""

import itertools
from collections.abc import Callable
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional


def _convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class Residual(nn.Module):
    """Two 3x3 convolutions with a short cut (He et al. 2016), average pooling on the short cut when striding."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.first = _convolution(inputs, outputs, stride)
        self.second = nn.Sequential(nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs))
        self.across: nn.Module = nn.Identity()
        if stride > 1 or inputs != outputs:
            self.across = nn.Sequential(
                nn.AvgPool2d(stride, ceil_mode=True) if stride > 1 else nn.Identity(),
                nn.Conv2d(inputs, outputs, 1, bias=False),
                nn.BatchNorm2d(outputs),
            )

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) to (N, outputs, H / stride, W / stride)."""
        return functional.relu(self.second(self.first(x)) + self.across(x))


def _scaled(pictures: Tensor) -> Tensor:
    return ((pictures.float() - 127.5) / 64.0).permute(0, 3, 1, 2)


class EncoderNet(nn.Module):
    """A square picture of head and bust to a vector of length one."""

    def __init__(self, *, side: int, widths: tuple[int, ...], vector: int, blocks: tuple[int, ...] = ()) -> None:
        """``blocks``: how many residuals each width after the first has, one each where empty."""
        super().__init__()
        self.blocks = blocks or (1,) * (len(widths) - 1)
        self.kept = 0
        self.stem = nn.Sequential(
            nn.Conv2d(3, widths[0], 4, 4, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU(inplace=True)
        )
        stages: list[nn.Module] = []
        for number, (before, after) in enumerate(itertools.pairwise(widths)):
            stages += [Residual(before, after, 1 if number == 0 else 2)]
            stages += [Residual(after, after) for _ in range(1, self.blocks[number])]
        self.stages = nn.Sequential(*stages)
        cells = side // 4
        for _ in widths[2:]:
            cells = -(-cells // 2)
        self.width, self.cells = widths[-1], cells
        self.last = nn.Sequential(
            nn.Conv2d(widths[-1], widths[-1], cells, groups=widths[-1], bias=False),
            nn.BatchNorm2d(widths[-1]),
            nn.Flatten(),
            nn.Linear(widths[-1], vector, bias=False),
            nn.BatchNorm1d(vector),
        )

    def keep(self, stages: int) -> None:
        """Learn no more in the stem and in the first ``stages`` residuals, where half of the work is."""
        self.kept = stages
        for part in self._kept():
            part.requires_grad_(False)
        self.train(self.training)

    def _kept(self) -> list[nn.Module]:
        return [self.stem, *list(self.stages)[: self.kept]] if self.kept else []

    def train(self, mode: bool = True) -> "EncoderNet":
        """As torch's, but what is kept stays as it is, its normalisations included."""
        super().train(mode)
        for part in self._kept():
            part.eval()
        return self

    def mapped(self, pictures: Tensor) -> Tensor:
        """(N, side, side, 3) uint8 to the last map (N, widths[-1], cells, cells)."""
        out: Tensor = self.stages(self.stem(_scaled(pictures)))
        return out

    def told(self, last_map: Tensor) -> Tensor:
        """A last map to (N, vector) float32 of length one."""
        return functional.normalize(self.last(last_map).float(), dim=1)

    def forward(self, pictures: Tensor) -> Tensor:
        """(N, side, side, 3) uint8 to (N, vector) float32."""
        return self.told(self.mapped(pictures))


class Clearness(nn.Module):
    """From an encoder's last map, the logit that whoever is on the picture can be recognised on it."""

    def __init__(self, *, width: int, cells: int) -> None:
        super().__init__()
        self.pool = nn.Sequential(nn.AvgPool2d(2, ceil_mode=True), nn.Flatten())
        self.line = nn.Linear(width * (-(-cells // 2)) ** 2, 1)

    def forward(self, last_map: Tensor) -> Tensor:
        """(N, width, cells, cells) to (N,)."""
        out: Tensor = self.line(self.pool(last_map.float()))
        return out[:, 0]


class Looking(nn.Module):
    """What is exported: an encoder that looks at the picture and at its mirror image, and how clearly it sees."""

    def __init__(self, encoder: EncoderNet, clearness: Clearness) -> None:
        super().__init__()
        self.encoder = encoder
        self.clearness = clearness

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """(N, side, side, 3) uint8 to vectors (N, vector) of length one and clearness (N,) in 0..1."""
        one, other = self.encoder.mapped(pictures), self.encoder.mapped(pictures.flip(2))
        vector = functional.normalize(self.encoder.told(one) + self.encoder.told(other), dim=1)
        return vector, torch.sigmoid((self.clearness(one) + self.clearness(other)) / 2)


class LocatorNet(nn.Module):
    """Where the avatars' heads are: a map of centres and boxes (Zhou et al. 2019, Objects as Points)."""

    def __init__(self, *, widths: tuple[int, ...] = (16, 32, 48, 64, 96)) -> None:
        super().__init__()
        a, b, c, d, e = widths
        self.near = nn.Sequential(_convolution(3, a, 2), _convolution(a, b, 2), Residual(b, c, 2))  # 1/8
        self.middle = nn.Sequential(Residual(c, d, 2), Residual(d, d))  # 1/16
        self.far = nn.Sequential(Residual(d, e, 2), Residual(e, e))  # 1/32
        self.far_across = nn.Conv2d(e, d, 1)
        self.middle_across = nn.Conv2d(d, c, 1)
        self.merged = _convolution(d, d)
        self.head = nn.Sequential(_convolution(c, c), nn.Conv2d(c, 5, 1))
        nn.init.constant_(self.head[1].bias[:1], -3.0)  # type: ignore[index]

    def forward(self, pictures: Tensor) -> Tensor:
        """(N, H, W, 3) uint8, H and W multiples of 32, to (N, 5, H / 8, W / 8).

        Channel 0 is the logit of a head's centre in this cell; 1..4 are the logarithms of the distances from the
        cell's middle to the box's left, top, right and bottom edge, in units of 32 pixels.
        """
        near = self.near(_scaled(pictures))
        middle = self.middle(near)
        far = self.far(middle)
        middle = self.merged(middle + functional.interpolate(self.far_across(far), scale_factor=2.0))
        near = near + functional.interpolate(self.middle_across(middle), scale_factor=2.0)
        out: Tensor = self.head(near)
        return torch.cat([out[:, :1], out[:, 1:].clamp(-5, 4)], dim=1)


class ArcFace(nn.Module):
    """Additive angular margin over class centres (Deng et al. 2019), look-alikes pushed harder (Wang et al. 2020)."""

    def __init__(self, *, vector: int, classes: int, scale: float, margin: float, hard: float = 0.0) -> None:
        super().__init__()
        self.centres = nn.Parameter(torch.randn(classes, vector) * 0.1)
        self.scale, self.margin, self.hard = scale, margin, hard

    @torch.no_grad()
    def settle(self, encoder: nn.Module, take: Callable[[], tuple[NDArray[Any], ...]], batches: int = 40) -> None:
        """Put the centres where ``encoder``, trained before, puts their pictures."""
        encoder.eval()
        for _ in range(batches):
            pictures, classes = take()
            with torch.autocast("cpu", torch.bfloat16):
                vectors = encoder(torch.from_numpy(pictures))
            self.centres.index_add_(0, torch.from_numpy(classes), vectors.float())
        encoder.train()

    def forward(self, vectors: Tensor, classes: Tensor, share: float) -> Tensor:
        """The loss; ``share`` 0..1 of the margin, so that training can begin without it."""
        cosine = (vectors @ functional.normalize(self.centres, dim=1).T).clamp(-0.9999, 0.9999)
        angle = torch.acos(cosine)
        own = functional.one_hot(classes, cosine.shape[1]).bool()
        wanted = torch.cos((angle + self.margin * share).clamp(max=3.14))
        nearer = cosine > wanted.gather(1, classes[:, None])  # look-alikes: classes nearer than one's own by the margin
        others = torch.where(nearer, cosine + self.hard * share * (cosine + 1), cosine)
        logits = torch.where(own, wanted, others)
        return functional.cross_entropy(logits * self.scale, classes, label_smoothing=0.05)


def alike_loss(vectors: Tensor, classes: Tensor, *, warmth: float) -> Tensor:
    """Supervised contrast within a batch (Khosla et al. 2020): pictures of one class together, of others apart.

    ``vectors`` (N, d) of length one, ``classes`` (N,); ``warmth`` divides the cosines. Pictures whose class is there
    once only do not count.
    """
    cosine = vectors @ vectors.T / warmth
    self_pair = torch.eye(len(vectors), dtype=torch.bool)
    same = (classes[:, None] == classes[None, :]) & ~self_pair
    spread = torch.logsumexp(cosine.masked_fill(self_pair, -torch.inf), dim=1, keepdim=True)
    told = ((cosine - spread) * same).sum(dim=1) / same.sum(dim=1).clamp(min=1)
    return -told[same.any(dim=1)].mean()


def located_loss(out: Tensor, heat: Tensor, edges: Tensor, weight: Tensor) -> Tensor:
    """Penalty-reduced focal loss on centres, and on boxes the logarithm of the overlap plus smooth L1."""
    logit = out[:, 0]
    likely = torch.sigmoid(logit).clamp(1e-4, 1 - 1e-4)
    centre = heat > 0.999
    hit = -torch.log(likely) * (1 - likely) ** 2
    miss = -torch.log(1 - likely) * likely**2 * (1 - heat) ** 4
    focal = torch.where(centre, hit, miss).sum() / centre.sum().clamp(min=1)
    found, told = out[:, 1:].exp(), edges.exp()
    shared = torch.minimum(found, told)
    both = (shared[:, 0] + shared[:, 2]) * (shared[:, 1] + shared[:, 3])
    areas = [(e[:, 0] + e[:, 2]) * (e[:, 1] + e[:, 3]) for e in (found, told)]
    overlap = both / (areas[0] + areas[1] - both)
    off = functional.smooth_l1_loss(out[:, 1:], edges, reduction="none", beta=0.1).mean(dim=1)
    boxes = ((off - overlap.clamp(min=1e-3).log()) * weight).sum() / weight.sum().clamp(min=1)
    return focal + boxes
