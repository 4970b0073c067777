"""The catalogue of the JSON API: a subject added is a file added and a line here."""

from __future__ import annotations

from fastapi import APIRouter

API: tuple[APIRouter, ...] = ()
