"""Tests of what administrators keep."""
