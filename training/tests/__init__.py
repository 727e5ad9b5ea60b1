"""Tests of the training package. They make their own small data; no picture is needed."""
