"""Room 4, pure: the markers that let `Reasoning` carry the wire's thought signatures.

Gemini may sign any part of its answer, and requires each signature back in the part that it came with
(https://cloud.google.com/vertex-ai/generative-ai/docs/thought-signatures); since Gemini 3, a call without its
signature is refused. The contract has a field for signatures only in reasoning. So a signature becomes a
`Reasoning` of its own in the same place, and the first byte of `Reasoning.signature` says which part it
belongs to (`docs/decisions/0011-thought-signatures-are-reasoning.md`).
"""

THOUGHT = b"t"
"""The signature belongs to the reasoning that carries it."""
BEFORE = b"b"
"""The signature belongs to the text or medium before it; a text's signature comes after its last piece."""
ALONE = b"a"
"""The signature came in an empty text of its own."""
CALL = b"c"
"""The signature belongs to the call after it."""
UNSIGNED = b"skip_thought_signature_validator"
"""The provider's placeholder for a call that another model made, or that came without a signature."""
