"""Assembled plants, their integrators and their reduced prediction models."""
