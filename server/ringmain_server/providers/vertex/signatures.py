"""Room 4, pure: thought signatures of the wire as `Reasoning`, and back for the next turn.

Gemini may sign any part of its answer, and wants each signature back in the very part that it came in
(https://cloud.google.com/vertex-ai/generative-ai/docs/thought-signatures); since Gemini 3, a call is
refused without the signature that it came with. The contract has a place for signatures in reasoning alone.
So a signature becomes a `Reasoning` of its own where it stood, and the first byte of `Reasoning.signature`
says which part it belongs to (`docs/decisions/0011-thought-signatures-are-reasoning.md`).
"""

THOUGHT = b"t"
"""The signature belongs to the reasoning that carries it."""
BEFORE = b"b"
"""The signature belongs to the text or medium before it: that of a text comes last."""
ALONE = b"a"
"""The signature came in an empty text of its own."""
CALL = b"c"
"""The signature belongs to the call after it."""
UNSIGNED = b"skip_thought_signature_validator"
"""What the provider asks to be sent with a call that another model made, or that came without a signature."""
