//! Requests from a question, and answers whole or growing. Pure.

use std::collections::BTreeMap;

use crate::v1::chat_event::Event::{Finished, PartDelta, PartStarted, Recovered, Started};
use crate::v1::part::Content;
use crate::v1::part_delta::Delta;
use crate::v1::{ChatEvent, ChatRequest, ChatResponse, Message, Part, Reasoning, Role, Route, ToolCall, ToolResult};

impl From<&str> for ChatRequest {
    fn from(question: &str) -> Self {
        Message::user([question]).into()
    }
}

impl From<String> for ChatRequest {
    fn from(question: String) -> Self {
        Message::user([question]).into()
    }
}

impl From<Message> for ChatRequest {
    fn from(message: Message) -> Self {
        vec![message].into()
    }
}

impl From<Vec<Message>> for ChatRequest {
    fn from(messages: Vec<Message>) -> Self {
        Self { messages, ..Self::default() }
    }
}

impl Message {
    /// What the user says: text and media, in order.
    pub fn user<P: Into<Part>>(parts: impl IntoIterator<Item = P>) -> Self {
        Self::new(Role::User, parts)
    }

    /// Instructions to the model.
    pub fn system(text: impl Into<String>) -> Self {
        Self::new(Role::System, [text.into()])
    }

    /// What running a tool gave, as text or JSON.
    pub fn tool_result(call: &ToolCall, result: impl Into<String>) -> Self {
        let result =
            ToolResult { tool_call_id: call.tool_call_id.clone(), parts: vec![result.into().into()], failed: false };
        Self::new(Role::Tool, [Part::from(Content::ToolResult(result))])
    }

    fn new<P: Into<Part>>(role: Role, parts: impl IntoIterator<Item = P>) -> Self {
        Self { role: role.into(), parts: parts.into_iter().map(Into::into).collect() }
    }
}

impl From<Content> for Part {
    fn from(content: Content) -> Self {
        Self { content: Some(content) }
    }
}

impl From<&str> for Part {
    fn from(text: &str) -> Self {
        Content::Text(text.to_owned()).into()
    }
}

impl From<String> for Part {
    fn from(text: String) -> Self {
        Content::Text(text).into()
    }
}

impl ChatResponse {
    /// The answer's text, all parts of it.
    pub fn text(&self) -> String {
        let text = |part: &Part| match &part.content {
            Some(Content::Text(text)) => Some(text.clone()),
            _ => None,
        };
        self.parts().filter_map(text).collect()
    }

    /// The tools that the model wants to be run.
    pub fn tool_calls(&self) -> impl Iterator<Item = &ToolCall> {
        self.parts().filter_map(|part| match &part.content {
            Some(Content::ToolCall(call)) => Some(call),
            _ => None,
        })
    }

    fn parts(&self) -> impl Iterator<Item = &Part> {
        self.message.iter().flat_map(|message| &message.parts)
    }
}

impl ChatEvent {
    /// The text that the answer grows by; empty for events of another kind.
    pub fn text(&self) -> &str {
        match &self.event {
            Some(PartDelta(grown)) => match &grown.delta {
                Some(Delta::Text(text)) => text,
                _ => "",
            },
            Some(PartStarted(started)) => match started.part.as_ref().and_then(|part| part.content.as_ref()) {
                Some(Content::Text(text)) => text,
                _ => "",
            },
            _ => "",
        }
    }

    /// Whether everything before is void: another provider starts the answer again.
    pub fn discards(&self) -> bool {
        matches!(&self.event, Some(Recovered(recovered)) if recovered.content_discarded)
    }
}

/// Folds the events of a stream into the answer that the whole call would have given.
#[derive(Clone, Debug, Default)]
pub struct Fold {
    head: ChatResponse,
    parts: BTreeMap<i32, Part>,
}

impl Fold {
    /// Takes the next event. Kinds of event newer than this crate are skipped.
    pub fn add(&mut self, event: &ChatEvent) {
        match &event.event {
            Some(Started(started)) => {
                self.head.response_id = started.response_id.clone();
                self.served_by(&started.provider_id, &started.provider_model);
            }
            Some(PartStarted(started)) => {
                self.parts.insert(started.index, started.part.clone().unwrap_or_default());
            }
            Some(PartDelta(grown)) => {
                let part = self.parts.entry(grown.index).or_default();
                if let Some(delta) = &grown.delta {
                    append(part, delta);
                }
            }
            Some(Recovered(recovered)) => {
                self.served_by(&recovered.provider_id, &recovered.provider_model);
                if recovered.content_discarded {
                    self.parts.clear();
                }
            }
            Some(Finished(finished)) => {
                self.head.finish_reason = finished.finish_reason;
                self.head.usage = finished.usage;
                self.head.route = finished.route.clone();
            }
            _ => {}
        }
    }

    /// The answer so far, which is the whole one once the stream has ended.
    pub fn answer(&self) -> ChatResponse {
        ChatResponse {
            message: Some(Message { role: Role::Assistant.into(), parts: self.parts.values().cloned().collect() }),
            ..self.head.clone()
        }
    }

    fn served_by(&mut self, provider_id: &str, provider_model: &str) {
        let route = self.head.route.get_or_insert_with(Route::default);
        route.provider_id = provider_id.to_owned();
        route.provider_model = provider_model.to_owned();
    }
}

fn append(part: &mut Part, delta: &Delta) {
    match delta {
        Delta::Text(text) => match &mut part.content {
            Some(Content::Text(grown)) => grown.push_str(text),
            content => *content = Some(Content::Text(text.clone())),
        },
        Delta::ArgumentsJson(json) => match &mut part.content {
            Some(Content::ToolCall(call)) => call.arguments_json.push_str(json),
            content => {
                *content = Some(Content::ToolCall(ToolCall { arguments_json: json.clone(), ..ToolCall::default() }))
            }
        },
        Delta::ReasoningText(text) => reasoning(part).text.push_str(text),
        Delta::Signature(bytes) => {
            let reasoning = reasoning(part);
            reasoning.signature = [reasoning.signature.as_ref(), bytes].concat().into();
        }
    }
}

fn reasoning(part: &mut Part) -> &mut Reasoning {
    if !matches!(part.content, Some(Content::Reasoning(_))) {
        part.content = Some(Content::Reasoning(Reasoning::default()));
    }
    match &mut part.content {
        Some(Content::Reasoning(reasoning)) => reasoning,
        _ => unreachable!("it was just made one"),
    }
}
