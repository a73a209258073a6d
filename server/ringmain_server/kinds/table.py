"""The table of provider kinds: the one file to edit for a new preset (`docs/extending.md`).

The order of the rows is the order of the documentation, which is generated from them (`make docs`).
"""

from collections.abc import Mapping
from types import MappingProxyType

from ringmain_server.kinds.kind import Kind, Shelf
from ringmain_server.kinds.openai import (
    Dialect,
    EmbeddingEndpoint,
    Endpoints,
    ImageEndpoint,
    OpenAIKind,
    SpeechEndpoint,
    TranscriptionEndpoint,
)


def _image_service(
    name: str, title: str, base_url: str, key_variable: str, shelf: Shelf | None = None
) -> Kind:
    """Returns the row of an image service, whose description is `providers/jobs/services/NAME.py`."""
    return Kind(
        name=name,
        title=title,
        wire="jobs",
        base_url=base_url,
        required=("base_url", "api_key"),
        environment={"api_key": key_variable},
        triggers=("api_key",),
        shelf=shelf,
    )


_OPENAI_DIALECT = Dialect(
    max_tokens="max_completion_tokens",
    documents="file",
    audio="named",
    texts="list",
    json_word=True,
    tool_ids="up_to_40",
    web_search="options",
    user="safety_identifier",
    prompt_cache=True,
    audio_output=True,
)
_OPENAI_IMAGES = ImageEndpoint(edits=True, streams=True, own=True, quality="quality", user="user")
_OPENAI_EMBEDDINGS = EmbeddingEndpoint(user="user")
_ALL_FORMATS = ("audio/mpeg", "audio/wav", "audio/ogg", "audio/flac", "audio/aac", "audio/pcm")
_OPENAI_SPEECH = SpeechEndpoint(voice="alloy", instructions=True, formats=_ALL_FORMATS)
_OPENAI_PICTURES = ("*.blob.core.windows.net",)

_ROWS: tuple[Kind, ...] = (
    Kind(
        name="sandbox",
        title="Sandbox, answers without a network",
        wire="sandbox",
        always=True,
        works_on_media=True,
        free=True,
    ),
    Kind(
        name="local",
        title="This process itself: enlarges images",
        wire="local",
        always=True,
        works_on_media=True,
        free=True,
    ),
    OpenAIKind(
        name="openai",
        title="OpenAI, and any server of its wire",
        base_url="https://api.openai.com/v1",
        environment={
            "api_key": "OPENAI_API_KEY",
            "base_url": "OPENAI_BASE_URL",
            "organization": "OPENAI_ORG_ID",
            "project": "OPENAI_PROJECT_ID",
        },
        shelf=Shelf(("openai",), lists=True, responses=True),
        prices="openai",
        dialect=_OPENAI_DIALECT,
        endpoints=Endpoints(
            images=_OPENAI_IMAGES,
            embeddings=_OPENAI_EMBEDDINGS,
            transcription=TranscriptionEndpoint(streams=True),
            speech=_OPENAI_SPEECH,
            moderation=True,
        ),
        picture_hosts=_OPENAI_PICTURES,
        sdk_environment=True,
    ),
    OpenAIKind(
        name="azure",
        title="Azure OpenAI",
        # The three variables are those that the official SDK's Azure client reads.
        environment={
            "api_key": "AZURE_OPENAI_API_KEY",
            "base_url": "AZURE_OPENAI_ENDPOINT",
            "api_version": "OPENAI_API_VERSION",
        },
        triggers=("api_key", "base_url"),
        # A deployment is known only if it has its model's name. How Azure serves Responses differs by
        # version.
        shelf=Shelf(("openai",)),
        prices="azure",
        # Azure charges what OpenAI does: https://azure.microsoft.com/pricing/details/azure-openai
        media_prices="openai",
        dialect=_OPENAI_DIALECT,
        # Azure screens content by itself and has no moderation endpoint:
        # https://learn.microsoft.com/azure/ai-foundry/openai/reference
        endpoints=Endpoints(
            images=_OPENAI_IMAGES,
            embeddings=_OPENAI_EMBEDDINGS,
            transcription=TranscriptionEndpoint(streams=True),
            speech=_OPENAI_SPEECH,
        ),
        picture_hosts=_OPENAI_PICTURES,
        azure=True,
    ),
    # https://docs.ollama.com/api/openai-compatibility: images as bytes only
    OpenAIKind(
        name="ollama",
        title="Ollama",
        base_url="http://127.0.0.1:11434/v1",
        required=("base_url",),
        environment={"base_url": "OLLAMA_HOST", "api_key": "OLLAMA_API_KEY"},
        triggers=("base_url",),
        shelf=Shelf(("open",), limits=False),
        bare_host=True,
        dialect=Dialect(image_uris=False, reasoning_back="reasoning"),
        endpoints=Endpoints(images=ImageEndpoint(count=1), embeddings=EmbeddingEndpoint()),
    ),
    # https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html
    OpenAIKind(
        name="vllm",
        title="vLLM",
        base_url="http://127.0.0.1:8000/v1",
        required=("base_url",),
        environment={"base_url": "VLLM_BASE_URL", "api_key": "VLLM_API_KEY"},
        triggers=("base_url",),
        shelf=Shelf(("open",), limits=False),
        dialect=Dialect(top_k="top_k", reasoning_back="reasoning", audio="named"),
        endpoints=Endpoints(embeddings=EmbeddingEndpoint(), transcription=TranscriptionEndpoint(words=False)),
    ),
    # https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md
    OpenAIKind(
        name="llamacpp",
        title="llama.cpp server",
        base_url="http://127.0.0.1:8080/v1",
        required=("base_url",),
        environment={"base_url": "LLAMACPP_BASE_URL", "api_key": "LLAMA_API_KEY"},
        triggers=("base_url",),
        shelf=Shelf(("open",), limits=False),
        dialect=Dialect(top_k="top_k", reasoning_back="reasoning_content", audio="named"),
        endpoints=Endpoints(embeddings=EmbeddingEndpoint(dimensions="")),
    ),
    # https://console.groq.com/docs/api-reference#chat-create and #audio
    OpenAIKind(
        name="groq",
        title="Groq",
        base_url="https://api.groq.com/openai/v1",
        environment={"api_key": "GROQ_API_KEY"},
        dialect=Dialect(
            max_tokens="max_completion_tokens",
            logprobs=False,
            reasoning_back="reasoning",
            json_word=True,
        ),
        endpoints=Endpoints(
            transcription=TranscriptionEndpoint(),
            speech=SpeechEndpoint(formats=("audio/wav", "audio/mpeg", "audio/ogg", "audio/flac")),
        ),
        shelf=Shelf(("groq",), lists=True),
        prices="groq",
    ),
    # https://docs.mistral.ai/api/#tag/chat, #tag/embeddings and #tag/audio.transcriptions: refuses unknown
    # fields, and streams end with the usage unasked. Efforts, documents and audio:
    # https://docs.mistral.ai/capabilities/reasoning/adjustable, /capabilities/document_ai/document_qna and
    # /capabilities/audio
    OpenAIKind(
        name="mistral",
        title="Mistral AI",
        base_url="https://api.mistral.ai/v1",
        environment={"api_key": "MISTRAL_API_KEY"},
        dialect=Dialect(
            seed="random_seed",
            reasoning_blocks=True,
            documents="document_url",
            audio="bare",
            turns="answered",
            stream_usage=False,
            tool_ids="nine_alphanumeric",
            logprobs=False,
            user="",
        ),
        endpoints=Endpoints(
            embeddings=EmbeddingEndpoint(base64=False, dimensions="output_dimension", max_texts=128),
            transcription=TranscriptionEndpoint(translations=False, segments="", prompt=False, words=False),
        ),
        shelf=Shelf(("mistral",), lists=True),
        prices="mistral",
    ),
    # https://api-docs.deepseek.com/guides/thinking_mode: reasoning must come back in a turn that called tools
    OpenAIKind(
        name="deepseek",
        title="DeepSeek",
        base_url="https://api.deepseek.com",
        environment={"api_key": "DEEPSEEK_API_KEY"},
        dialect=Dialect(seed="", thinking=True, reasoning_back="reasoning_content", json_word=True),
        shelf=Shelf(("deepseek",), lists=True),
        prices="deepseek",
    ),
    # https://docs.x.ai/docs/api-reference#chat-completions
    # https://docs.x.ai/docs/guides/image-generations: changes images by a JSON request of its own
    OpenAIKind(
        name="xai",
        title="xAI",
        base_url="https://api.x.ai/v1",
        environment={"api_key": "XAI_API_KEY"},
        dialect=Dialect(
            max_tokens="max_completion_tokens",
            reasoning_back="reasoning_content",
        ),
        endpoints=Endpoints(
            images=ImageEndpoint(
                size="",
                ratio="aspect_ratio",
                ratios=("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "2:1", "1:2"),
            )
        ),
        shelf=Shelf(("xai",), lists=True),
        prices="x-ai",
        picture_hosts=("*.x.ai",),
    ),
    # https://openrouter.ai/docs/api/reference/parameters and /embeddings; it draws within chats
    OpenAIKind(
        name="openrouter",
        title="OpenRouter",
        base_url="https://openrouter.ai/api/v1",
        environment={"api_key": "OPENROUTER_API_KEY"},
        dialect=Dialect(
            top_k="top_k",
            reasoning_back="reasoning",
            documents="file",
            audio="named",
            texts="list",
            tool_ids="up_to_40",
            web_search="plugin",
            image_output=True,
            audio_output=True,
            reasoning_budget=True,
            reasoning_details=True,
            cache_control=True,
        ),
        endpoints=Endpoints(embeddings=EmbeddingEndpoint()),
        # It reads PDFs for models that do not: https://openrouter.ai/docs/features/multimodal/pdfs
        shelf=Shelf(
            ("openrouter", "openai", "anthropic", "google", "deepseek", "mistral", "xai", "open"),
            adds=("document",),
        ),
        prices="openrouter",
        # Lists its models to anybody: https://openrouter.ai/docs/api/api-reference/api-keys/get-current-key
        check="/key",
    ),
    # https://docs.together.ai/reference/chat-completions-1, /post-images-generations, /embeddings and
    # /audio-transcriptions
    OpenAIKind(
        name="together",
        title="Together AI",
        base_url="https://api.together.ai/v1",
        environment={"api_key": "TOGETHER_API_KEY"},
        dialect=Dialect(top_k="top_k"),
        endpoints=Endpoints(
            images=ImageEndpoint(
                response_format="base64",
                size="",
                width="width",
                height="height",
                negative_prompt="negative_prompt",
                seed="seed",
                count=4,
            ),
            embeddings=EmbeddingEndpoint(base64=False, dimensions=""),
            transcription=TranscriptionEndpoint(),
        ),
        shelf=Shelf(("open",)),
        prices="together",
        picture_hosts=("*.together.ai", "*.together.xyz"),
    ),
    # https://docs.venice.ai/api-reference/endpoint/chat/completions and /image/generate
    OpenAIKind(
        name="venice",
        title="Venice",
        base_url="https://api.venice.ai/api/v1",
        environment={"api_key": "VENICE_API_KEY"},
        dialect=Dialect(max_tokens="max_completion_tokens", top_k="top_k"),
        endpoints=Endpoints(
            images=ImageEndpoint(count=1),
            embeddings=EmbeddingEndpoint(),
            speech=SpeechEndpoint(formats=_ALL_FORMATS),
        ),
        shelf=Shelf(("open",), limits=False),
        picture_hosts=("*.venice.ai",),
        objections={
            "x-venice-contains-minor": "minor",
            "x-venice-is-content-violation": "content_violation",
            "x-venice-is-adult-model-content-violation": "adult",
            "x-venice-is-blurred": "adult",
        },
    ),
    Kind(
        name="anthropic",
        title="Anthropic; also Claude on Vertex AI and Bedrock",
        wire="anthropic",
        base_url="https://api.anthropic.com",
        required=("base_url", "api_key"),
        environment={"api_key": "ANTHROPIC_API_KEY", "base_url": "ANTHROPIC_BASE_URL"},
        triggers=("api_key",),
        extra="anthropic",
        module="anthropic",
        shelf=Shelf(("anthropic",), lists=True),
        prices="anthropic",
    ),
    Kind(
        name="vertex",
        title="Gemini on Google Vertex AI",
        wire="vertex",
        required=("project", "location"),
        # The variables are those that Google's own client reads.
        environment={"project": "GOOGLE_CLOUD_PROJECT", "location": "GOOGLE_CLOUD_LOCATION"},
        triggers=("project", "location"),
        extra="vertex",
        module="google.cloud.aiplatform_v1",
        shelf=Shelf(("google",), lists=True),
        prices="google",
    ),
    Kind(
        name="gemini",
        title="Gemini developer API",
        wire="gemini",
        base_url="https://generativelanguage.googleapis.com",
        required=("base_url", "api_key"),
        environment={"api_key": "GEMINI_API_KEY"},
        also={"api_key": "GOOGLE_API_KEY"},
        triggers=("api_key",),
        extra="vertex",
        module="google.cloud.aiplatform_v1",
        shelf=Shelf(("google",), lists=True),
        prices="google",
    ),
    _image_service(
        "stability", "Stability AI", "https://api.stability.ai/v2beta/stable-image", "STABILITY_API_KEY"
    ),
    _image_service("replicate", "Replicate", "https://api.replicate.com/v1", "REPLICATE_API_TOKEN"),
    _image_service("leonardo", "Leonardo.Ai", "https://cloud.leonardo.ai/api/rest/v1", "LEONARDO_API_KEY"),
    _image_service(
        "runway",
        "Runway",
        "https://api.dev.runwayml.com/v1",
        "RUNWAYML_API_SECRET",
        Shelf(("runway",), lists=True),
    ),
    _image_service("luma", "Luma", "https://api.lumalabs.ai/dream-machine/v1", "LUMAAI_API_KEY"),
    _image_service("fal", "fal", "https://queue.fal.run", "FAL_KEY"),
)

KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _ROWS})
"""Every provider kind by name, in the order of the documentation."""
