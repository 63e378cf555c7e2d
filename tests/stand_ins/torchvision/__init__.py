"""Stands in for torchvision where MDS is tested: Streaming imports it for its image datasets, which nothing here uses.

The wheel of the right build is several hundred MB larger than all else that the tests of formats need.
"""
