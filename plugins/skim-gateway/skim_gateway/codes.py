"""The error codes and notices of the TWS API that the gateway sends, and their texts.

The texts are those of IBKR's documentation and of published logs; `{…}` is filled in.
"""

from __future__ import annotations

from skim_gateway.wire.answers import NOBODY, ErrorMessage

TOO_MANY_MESSAGES = 100
TOO_MANY_LINES = 101
DUPLICATE_REQUEST = 102
DUPLICATE_ORDER = 103
ORDER_FILLED = 104
ORDER_DIFFERS = 105
OFF_TICK = 110
HALTED = 154
HISTORY_ERROR = 162
HISTORY_MESSAGE = 165
NO_CONTRACT = 200
ORDER_REJECTED = 201
ORDER_CANCELLED = 202
NO_SUBSCRIPTION = 300
TOO_MANY_DEPTHS = 309
UNREADABLE = 320
INVALID = 321
UNPROCESSED = 322
CLIENT_ID_TAKEN = 326
NO_SCAN = 365
NO_QUERY = 366
NOT_SUBSCRIBED = 354
UNSUPPORTED_ORDER_TYPE = 387
NO_ACCOUNT = 435
INVALID_BARS = 420
NO_FUNDAMENTALS = 430
NOT_CONNECTED = 504
UNKNOWN_MESSAGE = 505
LOST = 1100
RESTORED_DATA_LOST = 1101
RESTORED = 1102
UNSUBSCRIBED_ACCOUNT = 2100
FARM_BROKEN = 2103
FARM_OK = 2104
HISTORY_FARM_BROKEN = 2105
HISTORY_FARM_OK = 2106
HISTORY_FARM_IDLE = 2107
SECURITY_FARM_OK = 2158
INVALID_TIME_IN_FORCE = 10052
NO_ARTICLE = 10172
NOT_CANCELLABLE = 10148
NOT_FOUND = 10147
DELAYED_DATA = 10167
TICKS_UNAVAILABLE = 10189
TICK_REQUESTS_EXCEEDED = 10190
NO_PERMISSION = 10276
FRACTIONAL = 10243

TEXTS = {
    TOO_MANY_MESSAGES: "Max rate of messages per second has been exceeded:max={most} rec={received} ({times})",
    TOO_MANY_LINES: "Max number of tickers has been reached",
    DUPLICATE_REQUEST: "Duplicate ticker ID for API market data request",
    DUPLICATE_ORDER: "Duplicate order id",
    ORDER_FILLED: "Cannot modify a filled order.",
    ORDER_DIFFERS: "Order being modified does not match original order",
    OFF_TICK: "The price does not conform to the minimum price variation for this contract.",
    HALTED: "Orders cannot be transmitted for a halted security.",
    HISTORY_ERROR: "Historical Market Data Service error message:{why}",
    HISTORY_MESSAGE: "Historical Market Data Service query message:{why}",
    NO_CONTRACT: "No security definition has been found for the request",
    ORDER_REJECTED: "Order rejected - reason:{why}",
    ORDER_CANCELLED: "Order Canceled - reason:{why}",
    NO_SUBSCRIPTION: "Can't find EId with tickerId:{number}",
    TOO_MANY_DEPTHS: "Max number (3) of market depth requests has been reached",
    UNREADABLE: "Error reading request. Unable to parse data. {why}",
    INVALID: "Error validating request.-'bX' : cause - {why}",
    UNPROCESSED: "Error processing request.{why}",
    CLIENT_ID_TAKEN: (
        "Unable to connect as the client id is already in use. Retry with a unique client id."
    ),
    NO_SCAN: "No scanner subscription found for ticker id:{number}",
    NO_QUERY: "No historical data query found for ticker id:{number}",
    NOT_SUBSCRIBED: (
        "Requested market data is not subscribed.Delayed market data is available.{contract}"
    ),
    UNSUPPORTED_ORDER_TYPE: "Unsupported order type for this exchange and security type.",
    NO_ACCOUNT: "You must specify an account.",
    INVALID_BARS: "Invalid Real-time Query:{why}",
    NO_FUNDAMENTALS: (
        "We are sorry, but fundamentals data for the security specified is not available."
        "No Fundamental Data Available"
    ),
    NOT_CONNECTED: "Not connected",
    UNKNOWN_MESSAGE: "Fatal Error: Unknown message id.",
    LOST: "Connectivity between IBKR and Trader Workstation has been lost.",
    RESTORED_DATA_LOST: (
        "Connectivity between IBKR and Trader Workstation has been restored - data lost."
        "All data requests need to be re-submitted."
    ),
    RESTORED: (
        "Connectivity between IBKR and Trader Workstation has been restored - data maintained. "
        "The following farms are connected: {farms}."
    ),
    UNSUBSCRIBED_ACCOUNT: "API client has been unsubscribed from account data.",
    FARM_BROKEN: "Market data farm connection is broken:{farm}",
    FARM_OK: "Market data farm connection is OK:{farm}",
    HISTORY_FARM_BROKEN: "HMDS data farm connection is broken:{farm}",
    HISTORY_FARM_OK: "HMDS data farm connection is OK:{farm}",
    HISTORY_FARM_IDLE: (
        "HMDS data farm connection is inactive but should be available upon demand.{farm}"
    ),
    SECURITY_FARM_OK: "Sec-def data farm connection is OK:{farm}",
    INVALID_TIME_IN_FORCE: "Invalid time in force:{why}",
    NO_ARTICLE: "Failed to request news article:No such article {why}",
    NOT_FOUND: "OrderId {number} that needs to be cancelled is not found.",
    NOT_CANCELLABLE: (
        "OrderId {number} that needs to be cancelled can not be cancelled, state: {why}."
    ),
    DELAYED_DATA: "Requested market data is not subscribed. Displaying delayed market data.",
    TICKS_UNAVAILABLE: "Failed to request tick-by-tick data:{why}",
    TICK_REQUESTS_EXCEEDED: "Max number of tick-by-tick requests has been reached.",
    NO_PERMISSION: "News feed is not allowed.",
    FRACTIONAL: (
        "Fractional-sized order cannot be placed via API. Please refer to our website for details."
    ),
}


def error(code: int, req_id: int = NOBODY, /, **details: object) -> ErrorMessage:
    """Return the message of `code` about a request or an order, its text filled in."""
    return ErrorMessage(req_id=req_id, code=code, text=TEXTS[code].format(**details))
