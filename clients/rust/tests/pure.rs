//! Requests, answers and media, without a gateway.

use ringmain::Pictures;
use ringmain::v1::image_event::Event;
use ringmain::v1::part::Content;
use ringmain::v1::tool::Kind;
use ringmain::v1::{
    ChatResponse, Citation, FinishReason, FunctionTool, ImageChunk, ImageDetail, ImageEvent, Media, Message, Part,
    ProviderToolCall, Role, Tool, ToolCall, WebSearchTool,
};

fn answer(parts: Vec<Part>) -> ChatResponse {
    ChatResponse { message: Some(Message { role: Role::Assistant.into(), parts }), ..ChatResponse::default() }
}

fn cited(citations: Vec<Citation>) -> Part {
    Part { citations, ..Part::from("text") }
}

/// An answer's sources are those of all its parts, each once, in the order in which they are first cited.
#[test]
fn sources() {
    let page = |uri: &str, start_index| Citation { uri: uri.to_owned(), start_index, ..Citation::default() };
    let file = |page_number| Citation { filename: "report.pdf".to_owned(), page_number, ..Citation::default() };
    let first = cited(vec![page("https://b.example", 1), file(2), page("https://a.example", 2)]);
    let second = cited(vec![file(2), page("https://b.example", 3), file(3)]);
    let answer = answer(vec![first, Part::from("without"), second]);
    let expected = [page("https://b.example", 1), file(2), page("https://a.example", 2), file(3)];
    assert_eq!(answer.sources(), expected.iter().collect::<Vec<_>>());
    assert!(ChatResponse::default().sources().is_empty());
}

/// Tools that the caller runs, those that the provider ran, and media are listed apart.
#[test]
fn parts_by_kind() {
    let own = ToolCall { name: "weather".to_owned(), ..ToolCall::default() };
    let providers = ProviderToolCall { name: "web_search".to_owned(), ..ProviderToolCall::default() };
    let picture = Media::from_bytes(vec![1]);
    let answer = answer(vec![
        Content::ProviderToolCall(providers.clone()).into(),
        Part::from("Let me see. "),
        Content::ToolCall(own.clone()).into(),
        picture.clone().into(),
        Part::from("Done."),
    ]);
    assert_eq!(answer.tool_calls().collect::<Vec<_>>(), [&own]);
    assert_eq!(answer.provider_tool_calls().collect::<Vec<_>>(), [&providers]);
    assert_eq!(answer.media().collect::<Vec<_>>(), [&picture]);
    assert_eq!(answer.text(), "Let me see. Done.");
}

/// A turn continues where the model waits for tools and where its provider paused, and ends otherwise.
#[test]
fn must_continue() {
    for (reason, must_continue) in [
        (FinishReason::ToolCalls, true),
        (FinishReason::Paused, true),
        (FinishReason::Stop, false),
        (FinishReason::MaxTokens, false),
        (FinishReason::Unspecified, false),
    ] {
        let answer = ChatResponse { finish_reason: reason.into(), ..ChatResponse::default() };
        assert_eq!(answer.must_continue(), must_continue, "{reason:?}");
    }
}

/// Each kind of tool is made in one expression.
#[test]
fn tools() {
    let Some(Kind::Function(function)) = Tool::function("weather", "Forecast.", "{}").kind else {
        panic!("no function")
    };
    assert_eq!(function, FunctionTool::new("weather", "Forecast.", "{}"));
    assert_eq!((function.name.as_str(), function.strict), ("weather", None));
    let strict = FunctionTool { strict: Some(true), ..function };
    assert_eq!(Tool::from(strict.clone()).kind, Some(Kind::Function(strict)));
    assert_eq!(Tool::web_search().kind, Some(Kind::WebSearch(WebSearchTool::default())));
    let limited = WebSearchTool { max_uses: Some(2), ..WebSearchTool::default() };
    assert_eq!(Tool::from(limited.clone()).kind, Some(Kind::WebSearch(limited)));
    assert!(matches!(Tool::code_execution().kind, Some(Kind::CodeExecution(_))));
}

/// How closely a model looks at a picture is said beside the picture.
#[test]
fn detail() {
    let picture = Media::from_uri("https://example.com/cat.png");
    let part = picture.clone().with_detail(ImageDetail::Low);
    assert_eq!((part.content.clone(), part.image_detail()), (Some(Content::Media(picture)), ImageDetail::Low));
}

/// A tool's result answers its call.
#[test]
fn tool_result() {
    let call = ToolCall { tool_call_id: "c-1".to_owned(), ..ToolCall::default() };
    let message = Message::tool_result(&call, "{\"celsius\":21}");
    assert_eq!(message.role(), Role::Tool);
    let Some(Content::ToolResult(result)) = &message.parts[0].content else { panic!("no result") };
    assert_eq!((result.tool_call_id.as_str(), &result.parts), ("c-1", &vec![Part::from("{\"celsius\":21}")]));
}

/// A picture that was saved is read as it was, with its file's name; what has no bytes cannot be saved.
#[test]
fn files() {
    let path = std::env::temp_dir().join(format!("ringmain-{}.png", std::process::id()));
    Media::from_bytes(vec![1, 2, 3]).save(&path).unwrap();
    let media = Media::from_file(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(media.data().unwrap().as_ref(), [1, 2, 3]);
    assert_eq!(media.filename, path.file_name().unwrap().to_str().unwrap());
    assert!(Media::from_uri("https://example.com/cat.png").save(&path).is_err());
    assert!(Media::from_file(&path).is_err());
}

/// Pieces of pictures that come in turns make whole pictures.
#[test]
fn pictures() {
    let chunk = |image_index, data: &'static [u8], last| ImageEvent {
        event: Some(Event::Chunk(ImageChunk {
            image_index,
            mime_type: "image/png".to_owned(),
            data: data.into(),
            last,
        })),
    };
    let mut pictures = Pictures::default();
    assert!(pictures.add(&chunk(0, b"ab", false)).is_none());
    assert!(pictures.add(&chunk(1, b"xy", false)).is_none());
    let (index, first) = pictures.add(&chunk(0, b"c", true)).unwrap();
    assert_eq!((index, first.data().unwrap().as_ref(), first.mime_type.as_str()), (0, b"abc".as_slice(), "image/png"));
    assert_eq!(pictures.add(&chunk(1, b"", true)).unwrap().1.data().unwrap().as_ref(), b"xy");
    assert!(pictures.add(&ImageEvent::default()).is_none());
}
