"""The durable outbox: what a device gave, safe before the device is told so, until it is where it belongs."""
