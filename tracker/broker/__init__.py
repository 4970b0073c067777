"""The broker that stands between the communicators and ingest: its configuration, its users, its process.

``credentials`` makes a communicator's sign-in; ``users`` and ``configuration`` write what the embedded
``nats-server`` reads; ``embedded_broker`` starts, watches and stops it; ``credential_sync`` carries changed
credentials to it while it runs; ``partitions`` names the topics that one ingest worker listens to; ``mosquitto``
writes the files of a Mosquitto of one's own.
"""
