"""Brokers: plugs behind one port; foreign words stay inside a plug."""
