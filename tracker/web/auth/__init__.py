"""Who asks and what they may do: sign-in, sessions and tokens, permissions, access to a pump, signatures."""
