"""Media: detects, reads, checks and changes images, audio and documents."""
