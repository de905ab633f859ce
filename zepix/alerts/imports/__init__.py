"""Imports from TradingView and from tables: what users have becomes an alert log, with a report of what was done."""
