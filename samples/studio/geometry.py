"""Curves and rotations. Model space: x to the viewer's right, y down, z towards the viewer, head radius 1."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Points", "ellipse", "flip", "rotation", "smooth", "smoothstep", "stroke"]

Points = NDArray[np.float64]


def smooth(points: ArrayLike, *, closed: bool = True, density: int = 5) -> Points:
    """Uniform Catmull-Rom spline through ``points`` (n, k); ``density`` samples for each span."""
    p = np.asarray(points, dtype=np.float64)
    if closed:
        a, b, c, d = np.roll(p, 1, 0), p, np.roll(p, -1, 0), np.roll(p, -2, 0)
    else:
        padded = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
        a, b, c, d = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = (np.arange(density) / density)[None, :, None]
    a, b, c, d = (q[:, None, :] for q in (a, b, c, d))
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    flat = curve.reshape(-1, p.shape[1])
    return flat if closed else np.vstack([flat, p[-1]])


def ellipse(x: float, y: float, rx: float, ry: float, *, tilt: float = 0.0, n: int = 28) -> Points:
    """Points (n, 2) of an ellipse; ``tilt`` in degrees, clockwise on the screen."""
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    u, v = rx * np.cos(angle), ry * np.sin(angle)
    c, s = np.cos(np.deg2rad(tilt)), np.sin(np.deg2rad(tilt))
    return np.stack([x + u * c - v * s, y + u * s + v * c], axis=1)


def flip(points: ArrayLike) -> Points:
    """The mirror image: x changes sign, the order turns round so that the winding stays."""
    p = np.array(points, dtype=np.float64)[::-1].copy()
    p[:, 0] *= -1
    return p


def stroke(line: Points, width: float, *, head: float = 0.12, tail: float = 0.12) -> Points:
    """A brush stroke along an open ``line`` (n, 2): a closed outline, ``width`` thick at its fullest.

    ``head`` and ``tail`` are the shares of the length over which the brush is set down and lifted.
    """
    tangent = np.gradient(line, axis=0)
    length = np.hypot(tangent[:, 0], tangent[:, 1])[:, None] + 1e-9
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1) / length
    u = np.linspace(0, 1, len(line))
    rise = smoothstep(u / head) if head > 0 else np.ones_like(u)
    fall = smoothstep((1 - u) / tail) if tail > 0 else np.ones_like(u)
    half = (0.5 * width * np.clip(rise * fall, 0.04, 1))[:, None]
    return np.vstack([line + normal * half, (line - normal * half)[::-1]])


def smoothstep(u: ArrayLike) -> Points:
    """0 below 0, 1 above 1, a smooth S between."""
    v = np.clip(np.asarray(u, dtype=np.float64), 0, 1)
    return v * v * (3 - 2 * v)


def rotation(yaw: float, pitch: float, roll: float, *, stiff: float = 0.0) -> Points:
    """Rotation matrix (3, 3) of a head by angles in degrees, signs as in Pose.

    ``stiff`` 0..1 keeps a silhouette from becoming narrow when it turns, since a skull is as deep as wide.
    """
    y, p, r = np.deg2rad([yaw, pitch, roll])
    cy, sy, cp, sp, cr, sr = np.cos(y), np.sin(y), np.cos(p), np.sin(p), np.cos(r), np.sin(r)
    wide, tall = cy + (1 - cy) * stiff, cp + (1 - cp) * stiff
    turn = np.array([[wide, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    nod = np.array([[1, 0, 0], [0, tall, -sp], [0, sp, cp]])
    tilt = np.array([[cr, sr, 0], [-sr, cr, 0], [0, 0, 1]])
    return np.asarray(tilt @ nod @ turn, dtype=np.float64)
