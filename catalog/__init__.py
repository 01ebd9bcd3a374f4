"""What both halves share: keys, documents, storage, the index. Imports neither webapp nor tagger."""
