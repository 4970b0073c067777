"""The way in: MQTT messages become committed rows, and only then are acknowledged and receipted.

``subscriber`` reads the socket, ``gate`` reads one message or says why not, ``store`` writes a batch in one
transaction, ``receipts`` tells communicators what is safe, ``worker`` runs the loop, ``run`` is the process's edge.
"""
