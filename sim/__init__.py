"""Scenarios, the closed loop, exact KPIs, the oracle bound, comparison and report."""
