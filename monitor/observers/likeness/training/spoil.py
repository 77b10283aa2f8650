"""What happens to a picture between the avatar's renderer and us: light, overlays, scaling, blur, noise, codec."""

import io

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.observers.likeness.training.pictures import SIDE

WORDS = [
    "hello!!",
    "LIVE",
    "1200",
    "viewers",
    "SALE",
    "50%",
    "OFF",
    "thanks",
    "for",
    "the",
    "gift",
    "wwww",
    "+1",
    "new",
    "items",
    "NEXT",
    "song",
    "so",
    "cute",
    "88888",
    "follow",
    "level",
    "12",
    "rank",
    "#3",
    "code",
    "X7",
    "welcome",
    "back",
    "20:15",
    "subtitle",
    "here",
    "ORDER",
    "NOW",
]


def hue_turn(degrees: float) -> NDArray[np.float32]:
    """The 3x3 matrix on BGR that turns every hue by ``degrees`` and keeps the luma (Rec. 601)."""
    to_yiq = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    turn = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    rgb = np.linalg.inv(to_yiq) @ turn @ to_yiq
    return np.ascontiguousarray(rgb[::-1, ::-1], dtype=np.float32)


def lay(canvas: NDArray[np.uint8], layer: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay a premultiplied BGRA ``layer`` over a BGR ``canvas`` of the same size."""
    rest = cv2.cvtColor(cv2.bitwise_not(layer[..., 3]), cv2.COLOR_GRAY2BGR)
    return np.asarray(cv2.add(cv2.multiply(canvas, rest, scale=1 / 255), layer[..., :3]), dtype=np.uint8)


def light(rng: np.random.Generator, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Exposure, gamma and warmth by one table for each channel; in one picture of four a gradient as well."""
    ramp = np.linspace(0, 1, 256)
    gamma = np.exp(rng.normal(0, 0.2))
    gain = np.exp(rng.normal(0, 0.15)) * np.exp(rng.normal(0, 0.06, 3))
    lift = rng.normal(0, 0.03)
    table = np.stack([np.clip((ramp**gamma) * g + lift, 0, 1) * 255 for g in gain], axis=-1)
    out = cv2.LUT(picture, table.astype(np.uint8).reshape(1, 256, 3))
    if rng.random() < 0.25:
        height, width = picture.shape[:2]
        angle = rng.uniform(0, 2 * np.pi)
        across = np.linspace(-1, 1, width)[None, :] * np.cos(angle)
        along = np.linspace(-1, 1, height)[:, None] * np.sin(angle)
        shade = np.clip(1 + rng.uniform(0.1, 0.4) * (across + along), 0.3, 1.7).astype(np.float32)
        out = np.clip(out * shade[..., None], 0, 255).astype(np.uint8)
    return np.asarray(out, dtype=np.uint8)


def panel(rng: np.random.Generator, picture: NDArray[np.uint8], box: tuple[int, int, int, int], opacity: float) -> None:
    """A chat panel, banner or card in ``box`` (x, y, w, h), written into ``picture``, with lines of text."""
    x, y, w, h = box
    spot = picture[max(y, 0) : y + h, max(x, 0) : x + w]
    if not spot.size:
        return
    colour = rng.integers(0, 256, 3) if rng.random() < 0.5 else np.full(3, rng.integers(0, 60))
    spot[:] = (spot * (1 - opacity) + colour * opacity).astype(np.uint8)
    size = rng.uniform(0.012, 0.03) * max(picture.shape[:2]) / 10
    ink = tuple(int(c) for c in (rng.integers(160, 256, 3) if colour.mean() < 128 else rng.integers(0, 90, 3)))
    step = max(5, int(size * 34))
    for line in range(y + step, y + h, step):
        text = " ".join(rng.choice(WORDS, 4))
        cv2.putText(spot, text, (3, line - max(y, 0)), cv2.FONT_HERSHEY_SIMPLEX, size, ink, 1, cv2.LINE_AA)


def gifts(rng: np.random.Generator, picture: NDArray[np.uint8], count: int) -> None:
    """Hearts, bubbles and confetti, drawn as discs and stars, written into ``picture``."""
    height, width = picture.shape[:2]
    for _ in range(count):
        centre = int(rng.integers(width)), int(rng.integers(height))
        radius = max(1, int(rng.uniform(0.01, 0.07) * max(height, width)))
        ink = tuple(int(c) for c in rng.integers(0, 256, 3))
        if rng.random() < 0.6:
            cv2.circle(picture, centre, radius, ink, -1, cv2.LINE_AA)
        else:
            cv2.drawMarker(picture, centre, ink, cv2.MARKER_STAR, radius * 2, max(1, radius // 4))


def overlays(rng: np.random.Generator, picture: NDArray[np.uint8], *, often: float) -> None:
    """Panels, banners and gifts where they happen to fall, each kind with probability ``often``."""
    height, width = picture.shape[:2]
    if rng.random() < often:
        w, h = int(rng.uniform(0.2, 0.5) * width), int(rng.uniform(0.2, 0.6) * height)
        x = int(rng.choice([0.02 * width, width - w, rng.uniform(0, width - w)]))
        panel(rng, picture, (x, int(rng.uniform(0, height - h)), w, h), rng.uniform(0.4, 1))
    if rng.random() < often:
        h = int(rng.uniform(0.06, 0.25) * height)
        panel(rng, picture, (0, int(rng.choice([0, height - h])), width, h), rng.uniform(0.6, 1))
    if rng.random() < often:
        gifts(rng, picture, int(rng.integers(1, 12)))


def soften(rng: np.random.Generator, picture: NDArray[np.uint8], *, least: float) -> NDArray[np.uint8]:
    """Down to a share of its size (``least``..1) and up again, or a blur, or sensor noise, or none."""
    height, width = picture.shape[:2]
    out: NDArray[np.uint8] = picture
    if rng.random() < 0.5:
        share = np.exp(rng.uniform(np.log(least), 0))
        small = cv2.resize(out, (max(8, int(width * share)), max(8, int(height * share))), interpolation=cv2.INTER_AREA)
        out = np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
    if rng.random() < 0.15:
        out = np.asarray(cv2.GaussianBlur(out, (0, 0), rng.uniform(0.4, 1.6)), dtype=np.uint8)
    elif rng.random() < 0.1:
        kernel = np.zeros((7, 7), np.float32)
        cv2.line(kernel, (0, int(rng.integers(7))), (6, int(rng.integers(7))), 1.0, 1)
        out = np.asarray(cv2.filter2D(out, -1, kernel / kernel.sum()), dtype=np.uint8)
    if rng.random() < 0.2:
        noise = rng.normal(0, rng.uniform(2, 10), (height, width, 1))
        out = np.clip(out + noise, 0, 255).astype(np.uint8)
    return out


def jpeg(rng: np.random.Generator, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Through JPEG at quality 8 to 70."""
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(8, 71))])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)


def h264(frames: list[NDArray[np.uint8]], options: dict[str, str], *, rate: int = 25) -> list[NDArray[np.uint8]]:
    """Through libx264 and back: BGR frames of one even size in, as many decoded BGR frames out."""
    store = io.BytesIO()
    height, width = frames[0].shape[:2]
    with av.open(store, "w", format="matroska") as sink:
        stream = sink.add_stream("libx264", rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.thread_count = 1
        for frame in frames:
            sink.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="bgr24")))
        sink.mux(stream.encode(None))
    store.seek(0)
    with av.open(store, "r") as source:
        source.streams.video[0].thread_count = 1
        return [np.asarray(frame.to_ndarray(format="bgr24"), dtype=np.uint8) for frame in source.decode(video=0)]


def h264_tiles(rng: np.random.Generator, tiles: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Put a batch (N, S, S, 3) through one H.264 key frame, as a mosaic of N tiles, at a coarse quantiser.

    A tile is shrunk to 48..112 pixels first, as the avatar is small in a small stream, and enlarged again.
    """
    count, side = tiles.shape[:2]
    small = int(rng.choice([48, 64, 80, 112]))
    columns = int(np.ceil(np.sqrt(count)))
    rows = -(-count // columns)
    sheet = np.zeros((rows * small, columns * small, 3), dtype=np.uint8)
    for n in range(count):
        y, x = divmod(n, columns)
        sheet[y * small : (y + 1) * small, x * small : (x + 1) * small] = cv2.resize(
            tiles[n], (small, small), interpolation=cv2.INTER_AREA
        )
    options = {"preset": "ultrafast", "tune": "zerolatency", "qp": str(int(rng.integers(26, 45)))}
    sheet = h264([sheet], options)[0]
    out = np.empty_like(tiles)
    for n in range(count):
        y, x = divmod(n, columns)
        tile = sheet[y * small : (y + 1) * small, x * small : (x + 1) * small]
        out[n] = cv2.resize(tile, (side, side), interpolation=cv2.INTER_LINEAR)
    return out


def patch_of(
    rng: np.random.Generator, background: NDArray[np.uint8], side: int, *, smallest: int = 40
) -> NDArray[np.uint8]:
    """A random square of ``background``, at a random scale, as (side, side, 3)."""
    height, width = background.shape[:2]
    edge = int(rng.integers(smallest, min(height, width) + 1))
    x, y = int(rng.integers(width - edge + 1)), int(rng.integers(height - edge + 1))
    step = max(1, edge // side)  # what lies behind may alias; filtering it costs a third of a training picture
    return np.asarray(cv2.resize(background[y : y + edge : step, x : x + edge : step], (side, side)), dtype=np.uint8)


def placing(
    centre: tuple[float, float], scale: float, degrees: float, mirrored: bool, onto: tuple[float, float]
) -> NDArray[np.float64]:
    """The 2x3 matrix that brings picture point ``centre`` to ``onto``, scaled, turned and perhaps mirrored."""
    c, s = scale * np.cos(np.deg2rad(degrees)), scale * np.sin(np.deg2rad(degrees))
    turn = np.array([[c, -s], [s, c]]) @ np.diag([-1.0 if mirrored else 1.0, 1.0])
    return np.hstack([turn, (np.array(onto) - turn @ np.array(centre))[:, None]])


def edge_of_picture(matrix: NDArray[np.float64]) -> float:
    """The lowest y that the bottom edge of a SIDE x SIDE picture reaches under ``matrix``."""
    corners = np.array([[0.0, SIDE, 1.0], [SIDE, SIDE, 1.0]])
    return float((corners @ matrix.T)[:, 1].min())
