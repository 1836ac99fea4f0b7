"""What clients send about the scanner."""

from __future__ import annotations

from decimal import Decimal

from skim_gateway.wire.requests.base import Numbered, Request, request
from skim_gateway.wire.slots import fixed


@request(22)
class RequestScanner(Numbered):
    """Subscribes to a scan."""

    req_id: int
    rows: int = -1
    instrument: str = ""
    location: str = ""
    code: str = ""
    above_price: Decimal | None = None
    below_price: Decimal | None = None
    above_volume: int | None = None
    market_cap_above: Decimal | None = None
    market_cap_below: Decimal | None = None
    moody_rating_above: str = ""
    moody_rating_below: str = ""
    sp_rating_above: str = ""
    sp_rating_below: str = ""
    maturity_date_above: str = ""
    maturity_date_below: str = ""
    coupon_rate_above: Decimal | None = None
    coupon_rate_below: Decimal | None = None
    exclude_convertible: bool = False
    average_option_volume_above: int | None = None
    setting_pairs: str = ""
    stock_type: str = ""
    filter_options: str = ""
    options: str = ""


@request(23, fixed("1"))
class CancelScanner(Numbered):
    """Ends a scan."""

    req_id: int


@request(24, fixed("1"))
class RequestScannerParameters(Request):
    """Asks what can be scanned for, as XML."""
