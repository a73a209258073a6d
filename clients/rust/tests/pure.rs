//! Folding events and handling media, without a gateway.

use ringmain::v1::image_event::Event;
use ringmain::v1::part::Content;
use ringmain::v1::part_delta::Delta;
use ringmain::v1::{
    ChatEvent, ChatRecovered, ChatStarted, ImageChunk, ImageEvent, Media, Part, PartDelta, PartStarted,
};
use ringmain::v1::{Message, Reasoning, Role, ToolCall, chat_event};
use ringmain::{Fold, Pictures};

fn fold(events: impl IntoIterator<Item = chat_event::Event>) -> Fold {
    let mut fold = Fold::default();
    for event in events {
        fold.add(&ChatEvent { event: Some(event) });
    }
    fold
}

fn grown(index: i32, delta: Delta) -> chat_event::Event {
    chat_event::Event::PartDelta(PartDelta { index, delta: Some(delta) })
}

/// Reasoning with its signature, text and tool calls grow by their deltas.
#[test]
fn parts() {
    let call = ToolCall { tool_call_id: "c-1".to_owned(), name: "weather".to_owned(), ..ToolCall::default() };
    let started = PartStarted { index: 2, part: Some(Content::ToolCall(call).into()) };
    let answer = fold([
        grown(0, Delta::ReasoningText("be".to_owned())),
        grown(0, Delta::ReasoningText("cause".to_owned())),
        grown(0, Delta::Signature(b"s1".as_slice().into())),
        grown(0, Delta::Signature(b"s2".as_slice().into())),
        grown(1, Delta::Text("a".to_owned())),
        grown(1, Delta::Text("b".to_owned())),
        chat_event::Event::PartStarted(started),
        grown(2, Delta::ArgumentsJson("{\"city\":".to_owned())),
        grown(2, Delta::ArgumentsJson("\"Bern\"}".to_owned())),
        grown(3, Delta::ArgumentsJson("{}".to_owned())),
    ])
    .answer();
    let parts = answer.message.as_ref().unwrap().parts.clone();
    let reasoning =
        Reasoning { text: "because".to_owned(), signature: b"s1s2".as_slice().into(), ..Reasoning::default() };
    assert_eq!(parts[0].content, Some(Content::Reasoning(reasoning)));
    assert_eq!(answer.text(), "ab");
    let arguments: Vec<_> = answer.tool_calls().map(|call| call.arguments_json.as_str()).collect();
    assert_eq!(arguments, ["{\"city\":\"Bern\"}", "{}"]);
}

/// A recovery that discards leaves only what comes after it, and another provider's name.
#[test]
fn discarded() {
    let recovered = ChatRecovered {
        content_discarded: true,
        provider_id: "b".to_owned(),
        provider_model: "m".to_owned(),
        ..ChatRecovered::default()
    };
    let event = ChatEvent { event: Some(chat_event::Event::Recovered(recovered.clone())) };
    assert!(event.discards());
    assert_eq!(event.text(), "");
    let answer = fold([
        chat_event::Event::Started(ChatStarted { provider_id: "a".to_owned(), ..ChatStarted::default() }),
        grown(0, Delta::Text("void".to_owned())),
        chat_event::Event::Recovered(recovered),
        grown(0, Delta::Text("kept".to_owned())),
    ])
    .answer();
    assert_eq!(answer.text(), "kept");
    assert_eq!(answer.route.unwrap().provider_id, "b");
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
