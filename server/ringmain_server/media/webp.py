"""Media: decodes WebP at the wanted size, by the library that Pillow uses too.

Pillow reads each WebP as an animation: it decodes it at full size, copies it three times with the
interpreter's lock held, and only then scales it. libwebp itself can scale while it decodes, row by row, in
two
thirds of the time and a tenth of the memory. Pillow does not expose that, so the library is called here:
https://developers.google.com/speed/webp/docs/api#advanced_decoding_api.
"""

import ctypes
import importlib
from functools import cache
from typing import TYPE_CHECKING, Any

from ringmain_server.media.pillow import frame_count
from ringmain_server.media.plan import Size

if TYPE_CHECKING:
    from PIL.Image import Image

_ABI = 0x0209
"""`WEBP_DECODER_ABI_VERSION` of the structures below: the library refuses another major version."""
_RGBA = 1
"""`MODE_RGBA` of `WEBP_CSP_MODE`."""
_BYTES_PER_PIXEL = 4


class _Features(ctypes.Structure):
    """`WebPBitstreamFeatures`."""

    _fields_ = (
        *((name, ctypes.c_int) for name in ("width", "height", "has_alpha", "has_animation", "format")),
        ("pad", ctypes.c_uint32 * 5),
    )


class _Pixels(ctypes.Structure):
    """`WebPRGBABuffer`."""

    _fields_ = (("rgba", ctypes.c_void_p), ("stride", ctypes.c_int), ("size", ctypes.c_size_t))


class _Planes(ctypes.Structure):
    """`WebPYUVABuffer`, whose size is that of the union with `WebPRGBABuffer`."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("y", "u", "v", "a")),
        *((name, ctypes.c_int) for name in ("y_stride", "u_stride", "v_stride", "a_stride")),
        *((name, ctypes.c_size_t) for name in ("y_size", "u_size", "v_size", "a_size")),
    )


class _Buffers(ctypes.Union):
    """The union of `WebPRGBABuffer` and `WebPYUVABuffer`."""

    _fields_ = (("pixels", _Pixels), ("planes", _Planes))


class _Output(ctypes.Structure):
    """`WebPDecBuffer`."""

    _fields_ = (
        ("colorspace", ctypes.c_int),
        ("width", ctypes.c_int),
        ("height", ctypes.c_int),
        ("is_external_memory", ctypes.c_int),
        ("buffers", _Buffers),
        ("pad", ctypes.c_uint32 * 4),
        ("private_memory", ctypes.c_void_p),
    )


class _Options(ctypes.Structure):
    """`WebPDecoderOptions`."""

    _fields_ = (
        ("bypass_filtering", ctypes.c_int),
        ("no_fancy_upsampling", ctypes.c_int),
        ("use_cropping", ctypes.c_int),
        ("crop", ctypes.c_int * 4),
        ("use_scaling", ctypes.c_int),
        ("scaled_width", ctypes.c_int),
        ("scaled_height", ctypes.c_int),
        ("use_threads", ctypes.c_int),
        ("dithering_strength", ctypes.c_int),
        ("flip", ctypes.c_int),
        ("alpha_dithering_strength", ctypes.c_int),
        ("pad", ctypes.c_uint32 * 5),
    )


class _Config(ctypes.Structure):
    """`WebPDecoderConfig`."""

    _fields_ = (("input", _Features), ("output", _Output), ("options", _Options))


def decoded_webp(image: "Image", data: bytes, size: Size) -> "Image | None":
    """Decodes a still, opaque WebP at a size no larger than its own.

    Args:
        image: Opened by Pillow, not decoded. The result keeps its color profile.
        data: Its file.
        size: The wanted size.

    Returns:
        The image; None where Pillow has to decode it: transparent pictures, since libwebp mixes the colors of
        invisible pixels into visible ones; broken files, which Pillow reports; animations and other formats;
        and
        all pictures where the library's functions cannot be reached.
    """
    still = image.format == "WEBP" and image.mode == "RGB" and frame_count(image) == 1
    if not still or size[0] > image.width or size[1] > image.height:
        return None
    library = _library()
    pixels = None if library is None else _decode(library, data, size, scales=size != image.size)
    if pixels is None:
        return None
    import PIL.Image

    found = PIL.Image.frombuffer("RGBX", size, pixels, "raw", "RGBX", 0, 1).convert("RGB")
    found.info = image.info
    return found


def _decode(library: Any, data: bytes, size: Size, *, scales: bool) -> bytearray | None:
    config = _Config()
    if not library.WebPInitDecoderConfigInternal(ctypes.byref(config), _ABI):
        return None
    if scales:
        config.options.use_scaling = 1
        config.options.scaled_width, config.options.scaled_height = size
    # libwebp writes into this memory, which `found` keeps alive until Pillow has taken the pixels.
    found = bytearray(size[0] * size[1] * _BYTES_PER_PIXEL)
    target = config.output.buffers.pixels
    config.output.colorspace, config.output.is_external_memory = _RGBA, 1
    target.rgba = ctypes.addressof(ctypes.c_char.from_buffer(found))
    target.stride, target.size = size[0] * _BYTES_PER_PIXEL, len(found)
    failed = library.WebPDecode(data, len(data), ctypes.byref(config))
    return None if failed else found


@cache
def _library() -> Any:
    """Finds libwebp through the module of Pillow that links it; None where it exports no functions."""
    try:
        found = ctypes.CDLL(importlib.import_module("PIL._webp").__file__)
        begin, decode = found.WebPInitDecoderConfigInternal, found.WebPDecode
    except (ImportError, OSError, AttributeError):  # on Windows it is linked statically
        return None
    begin.argtypes = (ctypes.POINTER(_Config), ctypes.c_int)
    decode.argtypes = (ctypes.c_char_p, ctypes.c_size_t, ctypes.POINTER(_Config))
    return found
