"""The notebook is the pipeline."""
