"""Pretend pumps and the communicators that they speak through: physics from a seed, and delivery that loses nothing.

`pump` and `unit` are the physics, `pump_life` and `effects` a pump's life, `clinic` many lives, `stories` single cases
with what each must lead to; `journal`, `link`, `communicator` and `fleet` bring what is said to a broker.
"""
