"""What is tried of an adapter whoever wrote it. No product is named in this folder, and no pytest is needed."""
