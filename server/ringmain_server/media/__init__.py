"""Images, audio and documents: what they are."""
