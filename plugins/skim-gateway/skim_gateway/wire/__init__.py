"""The TWS API's wire protocol, pure: bytes in, messages out, and back. No socket, no clock."""
