"""Forecasts and worklist held against simulated clinics."""
