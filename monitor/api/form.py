"""Forms with pictures: read once for avatars, protected likenesses, negatives and outfits alike."""

from collections.abc import Awaitable, Sequence
from typing import Annotated, TypeVar

from fastapi import File, Form, UploadFile

from monitor.observers.likeness.picture_file import LARGEST_FILE, PictureRefused
from monitor.registrar import Enrolment

T = TypeVar("T")

MOST_PICTURES = 64

Name = Annotated[str, Form(min_length=1, max_length=256, description="Its name.", examples=["Hoshi"])]
Pictures = Annotated[
    list[UploadFile],
    File(
        max_length=MOST_PICTURES,
        description="Still pictures (JPEG, PNG or WebP, transparent ones included) that show the avatar's head: "
        "several angles, expressions and outfits make it known better.",
    ),
]
Video = Annotated[
    UploadFile | None,
    File(description="A short video (MP4 or WebM, a minute at most), of which some frames are taken."),
]
Owner = Annotated[
    str | None, Form(max_length=256, description="Whose likeness it is; the name of the API key where absent.")
]


async def enrolment(
    pictures: Sequence[UploadFile], video: UploadFile | None = None, outfit: str = "default"
) -> Enrolment:
    """What was sent, read as far as it may be."""
    return Enrolment(
        pictures=[await picture.read(LARGEST_FILE + 1) for picture in pictures],
        video=None if video is None else await video.read(LARGEST_FILE + 1),
        outfit=outfit,
    )


async def naming(pictures: Sequence[UploadFile], work: Awaitable[T]) -> T:
    """Do the work; a refusal that means "picture 3" names the file instead."""
    try:
        return await work
    except PictureRefused as refused:
        raise PictureRefused(_named(str(refused), pictures)) from refused


def _named(refusal: str, pictures: Sequence[UploadFile]) -> str:
    number, _, why = refusal.removeprefix("picture ").partition(": ")
    if not refusal.startswith("picture ") or not number.isdecimal() or not 0 < int(number) <= len(pictures):
        return refusal
    name = (pictures[int(number) - 1].filename or "")[:100]
    return f"{name}: {why}" if name.isprintable() and name else refusal
