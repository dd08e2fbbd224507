"""Containers in, pages out: `find_inputs` lists what there is, `read` yields its pages."""

from quality.read.inputs import Input, ReadFailure, find_inputs, find_waiting
from quality.read.readers import READERS, Reader, read

__all__ = ["READERS", "Input", "ReadFailure", "Reader", "find_inputs", "find_waiting", "read"]
