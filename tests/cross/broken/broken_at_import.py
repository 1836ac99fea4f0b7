"""An extension that ends the process that imports it."""

import sys

sys.exit("this extension wants to leave")
