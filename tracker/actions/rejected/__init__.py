"""Actions on rejected messages: replay or discard."""
