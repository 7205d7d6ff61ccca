"""The journey engine: values in, values out. It is told the time and never asks for anything."""
