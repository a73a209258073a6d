"""Tests of the gemini provider."""
