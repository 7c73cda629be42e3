"""Measurements that anyone can repeat: python -m bench retrieval | answers | gate. Each races the tutorial pipeline."""
