"""Likeness observer: finds the avatar on a picture and encodes whose likeness it is."""

from monitor.observers.likeness.encoder import Encoder
from monitor.observers.likeness.model import ModelRefused
from monitor.observers.likeness.sight import Sight, Sighting

__all__ = ["Encoder", "ModelRefused", "Sight", "Sighting"]
