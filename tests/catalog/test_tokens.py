"""Estimates of tokens: never nothing for something, and monotonic."""

from google.protobuf import text_format
from hypothesis import given
from hypothesis import strategies as st
from ringmain.v1.chat_service_pb2 import ChatRequest
from ringmain_server.catalog.tokens import MEDIA_TOKENS, MESSAGE_TOKENS, estimate, request_tokens, text_tokens


@given(st.text(), st.text())
def test_text_is_estimated_by_its_size(one: str, other: str) -> None:
    """A text is at least one token unless empty, and two texts together about the sum of both."""
    assert (text_tokens(one) == 0) == (one == "")
    both = text_tokens(one + other)
    assert text_tokens(one) <= both <= text_tokens(one) + text_tokens(other)


def test_other_scripts_count_by_character() -> None:
    """Characters beyond ASCII are about a token each, four ASCII characters are one."""
    assert text_tokens("四个字符") == 4
    assert text_tokens("four char") == 3


def test_everything_of_a_request_counts() -> None:
    """Text, media, calls, results, reasoning, tools and the schema all count."""
    request = text_format.Parse(
        """
        messages { parts { text: "1234" } parts { media { data: "x" } } parts {} }
        messages { parts { tool_call { name: "1234" arguments_json: "1234" } }
                   parts { tool_result { parts { text: "1234" } } }
                   parts { reasoning { text: "1234" } }
                   parts { provider_tool_call { name: "1234" arguments_json: "1234"
                                                results { text: "1234" } } } }
        tools { function { name: "1234" description: "1234" parameters_schema_json: "1234" } }
        tools { web_search {} }
        generation_config { response_format { json_schema { schema_json: "1234" description: "1234" } } }
        """,
        ChatRequest(),
    )
    assert request_tokens(request) == 2 * MESSAGE_TOKENS + MEDIA_TOKENS + 13
    usage = estimate(request, 5)
    assert (usage.input_token_count, usage.output_token_count, usage.estimated) == (1021, 5, True)
