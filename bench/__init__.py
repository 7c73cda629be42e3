"""Measurements that anyone can repeat: python -m bench retrieval | answers. Each races the tutorial pipeline."""
