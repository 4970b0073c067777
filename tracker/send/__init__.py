"""Delivers the outbox: mail, webhooks, web push and Apprise addresses, each destination in order."""
