"""What both halves share: keys, documents, storage, the index. Imports nothing else of ours."""
