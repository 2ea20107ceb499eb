"""The composition root: takes orders, and has what they want done."""

from proctor.app.app import App, open_app
from proctor.app.order import Begun, Created, Order

__all__ = ["App", "Begun", "Created", "Order", "open_app"]
