"""Faults in full number and over long times: kills, cuts, disturbances."""
