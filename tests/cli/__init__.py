"""Tests of hmpctl."""
