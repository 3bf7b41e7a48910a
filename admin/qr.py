"""An address as a picture: for whoever reads it at a desk and opens it on a phone."""

import segno


def picture_of(address: str) -> str:
    """Return a QR code of `address`, as the address of a picture."""
    return segno.make_qr(address).svg_data_uri(scale=6, border=2)
