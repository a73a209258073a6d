"""The differences between the servers of OpenAI's wire, as data.

What a row does not say is as OpenAI documents it (https://platform.openai.com/docs/api-reference).
`providers/openai` reads it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ringmain_server.kinds.kind import Kind

Documents = Literal["", "file", "document_url"]
"""The part of a message that holds a document; empty if there is none."""
Audio = Literal["", "named", "bare"]
"""The form of audio in a message: the bytes with the name of their format, or alone; empty if none."""
ToolIds = Literal["any", "up_to_40", "nine_alphanumeric"]
"""The ids of tool calls that a server accepts; `providers/openai/tool_ids.py` writes them."""
SystemRole = Literal["system", "developer", "user"]
"""The speaker of the instructions; `providers/openai/chat_order.py` arranges these and the next two."""
SystemPlace = Literal["any", "first"]
"""The place of instructions: anywhere, or only as the first message of a conversation."""
Turns = Literal["any", "answered", "alternating"]
"""The order of turns: any; the model has the turn between a tool and the user, and its last one is marked as
unfinished; or the user and the model take turns, and the user begins."""
Texts = Literal["joined", "list"]
"""Several texts of one message: joined to one, or a list."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """The form in which one kind writes chat completions. A setting without a field name is ignored.

    Instructions go as `system` by default: OpenAI reads it as `developer` where a model needs that, and the
    templates of many servers know no other role.

    The fields in `BY_MODEL` are the kind's default. The knobs of a model may say otherwise.

    Attributes:
        max_tokens: Field for the maximum number of output tokens.
        seed: Field for the seed.
        top_k: Field for the number of most likely tokens to sample from.
        reasoning_effort: Field for the reasoning effort.
        thinking: Whether a field `thinking` says that the model is not to reason.
        reasoning_back: Field of an assistant turn that returns its own reasoning to the model.
        reasoning_blocks: Whether reasoning goes back as a part of the content instead.
        stream_usage: Whether a stream sends its usage only on request. Other servers refuse the field as
            unknown.
        image_uris: Whether images may be given by URL.
        documents: How documents are accepted.
        audio: How audio is accepted.
        system_role: Who says the instructions.
        system_place: Where instructions may stand.
        turns: The order of turns.
        texts: How several texts of one message are sent.
        json_word: Whether a conversation that asks for JSON must have the word in a message.
        tool_ids: Which ids of tool calls are accepted.
        web_search: How a request asks the server to search the web; empty if it does not search.
        logprobs: Whether log probabilities can be asked for.
        user: Field for the hash of the end user.
        prompt_cache: Whether the fields of OpenAI's prompt cache exist.
        audio_output: Whether answers can be spoken.
        image_output: Whether answers can hold images.
        reasoning_budget: Whether reasoning can be limited to a number of tokens.
        reasoning_details: Whether reasoning comes with state that the server wants back.
        own_tools: Whether tools that the server runs are declared by their type, and go back to it.
        cache_control: Whether a part can end a prefix to keep in the prompt cache.
        arranges: Whether instructions or turns have to be arranged for it (`chat_order.py`). It follows from
            the fields above.
    """

    max_tokens: str = "max_tokens"
    seed: str = "seed"
    top_k: str = ""
    reasoning_effort: str = "reasoning_effort"
    thinking: bool = False
    reasoning_back: str = ""
    reasoning_blocks: bool = False
    stream_usage: bool = True
    image_uris: bool = True
    documents: Documents = ""
    audio: Audio = ""
    system_role: SystemRole = "system"
    system_place: SystemPlace = "any"
    turns: Turns = "any"
    texts: Texts = "joined"
    json_word: bool = False
    tool_ids: ToolIds = "any"
    web_search: Literal["", "options", "plugin"] = ""
    logprobs: bool = True
    user: str = "user"
    prompt_cache: bool = False
    audio_output: bool = False
    image_output: bool = False
    reasoning_budget: bool = False
    reasoning_details: bool = False
    own_tools: bool = False
    cache_control: bool = False
    arranges: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Notes once whether there is anything to arrange, which nearly no model needs."""
        usual = (self.system_role, self.system_place, self.turns) == ("system", "any", "any")
        object.__setattr__(self, "arranges", not usual)


BY_MODEL = ("system_role", "system_place", "turns", "texts", "tool_ids")
"""The fields of a dialect that the knobs of a model can replace (`catalog/knobs.py`)."""


@dataclass(frozen=True, slots=True)
class ImageEndpoint:
    """The image endpoint of one kind of provider. A setting without a field name does not exist there.

    Attributes:
        edits: Whether it changes images, in a multipart form.
        streams: Whether it streams previews and images.
        own: Whether the fields of gpt-image exist: `output_format`, `background` and the others.
        response_format: The value that asks for bytes instead of a URL, for models that offer both.
        size: Field for the size.
        width: Field for the width, where it is separate from the height.
        height: Field for the height.
        ratio: Field for the aspect ratio, where it replaces the size.
        ratios: Aspect ratios that it accepts.
        quality: Field for the quality.
        negative_prompt: Field for what must not be drawn.
        seed: Field for the seed.
        count: Most images of one request.
        user: Field for the hash of the end user; empty if there is none.
    """

    edits: bool = False
    streams: bool = False
    own: bool = False
    response_format: str = "b64_json"
    size: str = "size"
    width: str = ""
    height: str = ""
    ratio: str = ""
    ratios: tuple[str, ...] = ()
    quality: str = ""
    negative_prompt: str = ""
    seed: str = ""
    count: int = 10
    user: str = ""


@dataclass(frozen=True, slots=True)
class EmbeddingEndpoint:
    """The embedding endpoint of one kind of provider.

    Attributes:
        base64: Whether vectors are available as base64, at a third of the size of numbers.
        dimensions: Field for the number of dimensions; empty if there is none.
        max_texts: Most texts of one request, if the catalog does not say.
        user: Field for the hash of the end user; empty if there is none.
    """

    base64: bool = True
    dimensions: str = "dimensions"
    max_texts: int = 2048
    user: str = ""


@dataclass(frozen=True, slots=True)
class TranscriptionEndpoint:
    """The transcription endpoint of one kind of provider.

    Attributes:
        streams: Whether any model streams what it hears.
        translations: Whether there is an endpoint that translates into English.
        segments: The `response_format` that asks for segments, where a model's name does not tell whether it
            has them.
        prompt: Whether the request can name words to expect.
        words: Whether a request for segments can ask for the times of words besides.
    """

    streams: bool = False
    translations: bool = True
    segments: str = "verbose_json"
    prompt: bool = True
    words: bool = True


@dataclass(frozen=True, slots=True)
class SpeechEndpoint:
    """The speech endpoint of one kind of provider.

    Attributes:
        voice: The default voice; empty if a request must name one.
        instructions: Whether a request can say how to speak.
        formats: Media types that it produces, the default first.
    """

    voice: str = ""
    instructions: bool = False
    formats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The endpoints of one kind of provider; None for those that it lacks."""

    images: ImageEndpoint | None = None
    embeddings: EmbeddingEndpoint | None = None
    transcription: TranscriptionEndpoint | None = None
    speech: SpeechEndpoint | None = None
    moderation: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAIKind(Kind):
    """A provider kind of OpenAI's wire. By default it is a vendor that is reached by a key.

    Attributes:
        dialect: How it writes chat completions.
        endpoints: Which endpoints it has beside chat.
        check: The path whose answer tells whether the credentials are accepted.
        picture_hosts: The hosts besides its own that serve pictures, where an answer has URLs instead of
            bytes.
        objections: Maps a header of an answer to a category. The header says, if its value means yes, that
            the server's safety system objects to the image for that category.
        azure: Whether paths are Azure's: below `/openai/v1` or, with a dated API version, one for each
            deployment.
        sdk_environment: Whether headers from the environment of OpenAI's SDK are meant for it.
    """

    wire: str = "openai"
    required: tuple[str, ...] = ("base_url", "api_key")
    triggers: tuple[str, ...] = ("api_key",)
    extra: str | None = "openai"
    module: str = "openai"
    dialect: Dialect = field(default_factory=Dialect)
    endpoints: Endpoints = field(default_factory=Endpoints)
    check: str = "/models"
    picture_hosts: tuple[str, ...] = ()
    objections: Mapping[str, str] = field(default_factory=dict)
    azure: bool = False
    sdk_environment: bool = False
