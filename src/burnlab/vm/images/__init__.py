"""The guests' images: what they consist of, how they are built, where they are kept."""
