"""Rehearsal: a written case, played on virtual time through ingest, the jobs and the API, and judged.

It imports the product; nothing of the product imports it.
"""
