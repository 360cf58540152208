"""Bytes: content-addressed blobs, and the manifests that name them."""
