//! Folding events into the whole answer, without a gateway.

use std::collections::VecDeque;

use ringmain::Fold;
use ringmain::prost::Message as _;
use ringmain::v1::chat_event::Event;
use ringmain::v1::media::Source;
use ringmain::v1::part::Content;
use ringmain::v1::part_delta::Delta;
use ringmain::v1::{
    ChatEvent, ChatFinished, ChatRecovered, ChatResponse, ChatStarted, Citation, FinishReason, HarmRating, Media,
    Message, Part, PartDelta, PartStarted, ProviderToolCall, Reasoning, Role, Route, TokenLogprobs, ToolCall, Usage,
};

fn fold(events: impl IntoIterator<Item = Event>) -> ChatResponse {
    let mut fold = Fold::default();
    for event in events {
        fold.add(&ChatEvent { event: Some(event) });
    }
    fold.answer()
}

fn started(index: i32, part: impl Into<Part>) -> Event {
    Event::PartStarted(PartStarted { index, part: Some(part.into()) })
}

fn grown(index: i32, delta: Delta) -> Event {
    Event::PartDelta(PartDelta { index, delta: Some(delta), ..PartDelta::default() })
}

fn citation(uri: &str) -> Citation {
    Citation { uri: uri.to_owned(), ..Citation::default() }
}

fn logprob(token: &str) -> TokenLogprobs {
    TokenLogprobs { token: token.to_owned(), logprob: -0.5, ..TokenLogprobs::default() }
}

/// An answer with a part of every kind, and everything that can stand beside a part.
fn whole() -> ChatResponse {
    let reasoning = Content::Reasoning(Reasoning { text: "Because it was asked.".to_owned() });
    let search = Content::ProviderToolCall(ProviderToolCall {
        tool_call_id: "s-1".to_owned(),
        name: "web_search".to_owned(),
        arguments_json: r#"{"query": "ring main"}"#.to_owned(),
        results: vec![
            Part { citations: vec![citation("https://a.example")], ..Part::from("") },
            Part { citations: vec![citation("https://b.example")], ..Part::from("a ring") },
        ],
        failed: true,
    });
    let text = Part {
        citations: vec![citation("https://a.example"), citation("https://b.example")],
        logprobs: vec![logprob("A"), logprob(" ring"), logprob(" main")],
        ..Part::from("A ring main → feeds 𝄞 from both ends.")
    };
    let call = Content::ToolCall(ToolCall {
        tool_call_id: "c-1".to_owned(),
        name: "weather".to_owned(),
        arguments_json: r#"{"city": "Zürich"}"#.to_owned(),
    });
    let image = Content::Media(Media { mime_type: "image/png".to_owned(), ..Media::from_bytes(vec![0, 255, 7, 7, 1]) });
    let parts = [reasoning.into(), search.into(), text, call.into(), image.into()].into_iter().enumerate();
    let signed = |(index, part): (usize, Part)| Part {
        signature: format!("signature {index}").into_bytes().into(),
        provider_id: "p".to_owned(),
        ..part
    };
    ChatResponse {
        response_id: "r-1".to_owned(),
        usage: Some(Usage { output_token_count: 9, ..Usage::default() }),
        route: Some(Route { provider_id: "p".to_owned(), provider_model: "m".to_owned(), ..Route::default() }),
        message: Some(Message { role: Role::Assistant.into(), parts: parts.map(signed).collect() }),
        finish_reason: FinishReason::ToolCalls.into(),
        safety_ratings: vec![HarmRating { category: "violence".to_owned(), ..HarmRating::default() }],
    }
}

/// Texts of so many characters.
fn pieces(text: &str, size: usize) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(size).map(|piece| piece.iter().collect()).collect()
}

fn slices(bytes: &[u8], size: usize) -> Vec<Vec<u8>> {
    bytes.chunks(size).map(<[u8]>::to_vec).collect()
}

/// The part as it begins, and the deltas of its content.
fn cut_content(content: Content, size: usize) -> (Content, Vec<Delta>) {
    let texts = |text: &str, delta: fn(String) -> Delta| pieces(text, size).into_iter().map(delta).collect::<Vec<_>>();
    match content {
        Content::Text(text) => (Content::Text(String::new()), texts(&text, Delta::Text)),
        Content::Reasoning(reasoning) => {
            (Content::Reasoning(Reasoning::default()), texts(&reasoning.text, Delta::ReasoningText))
        }
        Content::ToolCall(call) => {
            let deltas = texts(&call.arguments_json, Delta::ArgumentsJson);
            (Content::ToolCall(ToolCall { arguments_json: String::new(), ..call }), deltas)
        }
        Content::ProviderToolCall(call) => {
            let mut deltas = texts(&call.arguments_json, Delta::ArgumentsJson);
            deltas.extend(call.results.into_iter().map(Delta::Result));
            deltas.push(Delta::Failed(call.failed));
            let begun =
                ProviderToolCall { tool_call_id: call.tool_call_id, name: call.name, ..ProviderToolCall::default() };
            (Content::ProviderToolCall(begun), deltas)
        }
        Content::Media(media) => {
            let data = media.data().unwrap().clone();
            let deltas = slices(&data, size).into_iter().map(|piece| Delta::Data(piece.into())).collect();
            (Content::Media(Media { source: None, ..media }), deltas)
        }
        Content::ToolResult(_) => panic!("answers hold no results of tools"),
    }
}

/// The events of a part, in their order: citations come before the text, and log probabilities beside it.
fn cut_part(index: i32, part: Part, size: usize) -> VecDeque<Event> {
    let (begun, content) = cut_content(part.content.unwrap(), size);
    let citations = part.citations.into_iter().map(Delta::Citation);
    let signature = slices(&part.signature, size).into_iter().map(|piece| Delta::Signature(piece.into()));
    let deltas = citations.chain(content).map(|delta| (delta, String::new()));
    let deltas = deltas.chain(signature.map(|delta| (delta, part.provider_id.clone())));
    let mut logprobs = part.logprobs.into_iter();
    let event = |(delta, provider_id)| {
        let logprobs = logprobs.next().into_iter().collect();
        Event::PartDelta(PartDelta { index, delta: Some(delta), logprobs, provider_id })
    };
    let events: Vec<_> = deltas.map(event).collect();
    std::iter::once(started(index, begun)).chain(events).collect()
}

/// The events of an answer, its parts growing in turns.
fn cut(answer: ChatResponse, size: usize) -> Vec<Event> {
    let route = answer.route.clone().unwrap();
    let mut events = vec![Event::Started(ChatStarted {
        response_id: answer.response_id.clone(),
        provider_id: route.provider_id,
        provider_model: route.provider_model,
    })];
    let parts = answer.message.unwrap().parts.into_iter().enumerate();
    let mut queues: Vec<_> = parts.map(|(index, part)| cut_part(index as i32, part, size)).collect();
    while queues.iter().any(|queue| !queue.is_empty()) {
        events.extend(queues.iter_mut().rev().filter_map(VecDeque::pop_front));
    }
    events.push(Event::Finished(ChatFinished {
        response_id: answer.response_id,
        usage: answer.usage,
        route: answer.route,
        finish_reason: answer.finish_reason,
        safety_ratings: answer.safety_ratings,
    }));
    events
}

/// Events fold into the whole answer byte for byte, however they are cut and interleaved.
#[test]
fn law() {
    for size in [1, 2, 3, 7, 1000] {
        assert_eq!(fold(cut(whole(), size)).encode_to_vec(), whole().encode_to_vec(), "pieces of {size}");
    }
}

/// What a part holds when it begins is kept.
#[test]
fn begun() {
    let begun = |part: Part| Part { signature: b"s1".as_slice().into(), ..part };
    let answer = fold([
        started(0, begun(Media::from_bytes(vec![1]).into())),
        grown(0, Delta::Data(vec![2].into())),
        grown(0, Delta::Signature(b"s2".as_slice().into())),
        started(1, begun(Part::from("a"))),
        grown(1, Delta::Text("b".to_owned())),
    ]);
    let parts = answer.message.unwrap().parts;
    assert_eq!(parts[0].content, Some(Content::Media(Media::from_bytes(vec![1, 2]))));
    assert_eq!(parts[0].signature, b"s1s2".as_slice());
    assert_eq!(parts[1].content, Some(Content::Text("ab".to_owned())));
}

/// A provider's name is replaced and not appended to, and only by one that is not empty.
#[test]
fn provider() {
    let named = |name: &str| {
        Event::PartDelta(PartDelta { provider_id: name.to_owned(), logprobs: vec![logprob("t")], ..Default::default() })
    };
    let answer = fold([started(0, Part::from("a")), named("p"), named("q"), named("")]);
    let part = &answer.message.unwrap().parts[0];
    assert_eq!((part.provider_id.as_str(), part.logprobs.len()), ("q", 3));
}

/// Events, parts and deltas that this client does not know change nothing else.
#[test]
fn unknown() {
    let newer = Event::PartDelta(PartDelta::default());
    let mut fold = Fold::default();
    for event in [
        None,
        Some(started(0, Part::from("a"))),
        Some(newer),
        Some(grown(0, Delta::Data(vec![1].into()))),
        Some(grown(0, Delta::ArgumentsJson("{}".to_owned()))),
        Some(started(1, Part::default())),
        Some(grown(1, Delta::Text("of a newer kind".to_owned()))),
        Some(grown(2, Delta::Text("never began".to_owned()))),
    ] {
        fold.add(&ChatEvent { event });
    }
    assert_eq!(fold.answer().message.unwrap().parts, [Part::from("a"), Part::default()]);
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
    let event = ChatEvent { event: Some(Event::Recovered(recovered.clone())) };
    assert!(event.discards());
    assert_eq!(event.text(), "");
    let answer = fold([
        Event::Started(ChatStarted { provider_id: "a".to_owned(), ..ChatStarted::default() }),
        started(0, Part::from("void")),
        started(1, Part::from("void")),
        Event::Recovered(recovered),
        started(0, Part::from("")),
        grown(0, Delta::Text("kept".to_owned())),
    ]);
    assert_eq!(answer.text(), "kept");
    assert_eq!(answer.route.unwrap().provider_id, "b");
}

/// A long answer is not copied with each of its pieces: 96 MiB in 400,000 of them would take hours.
#[test]
fn long() {
    let count = 131_072;
    let piece = vec![b'x'; 256];
    let begun = [
        started(0, Part::from("")),
        started(1, Media { source: Some(Source::Data(Default::default())), ..Media::default() }),
    ];
    let pieces = (0..count).flat_map(|_| {
        [
            grown(0, Delta::Text("x".repeat(256))),
            grown(0, Delta::Signature(piece.clone().into())),
            grown(1, Delta::Data(piece.clone().into())),
        ]
    });
    let parts = fold(begun.into_iter().chain(pieces)).message.unwrap().parts;
    let Some(Content::Media(media)) = &parts[1].content else { panic!("no medium") };
    assert_eq!(parts[0].content, Some(Content::Text("x".repeat(256 * count))));
    assert_eq!((parts[0].signature.len(), media.data().unwrap().len()), (256 * count, 256 * count));
}
