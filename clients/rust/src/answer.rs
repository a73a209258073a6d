//! Requests from a question, and what answers and their events hold. Pure.

use std::collections::HashSet;

use crate::v1::chat_event::Event::{PartDelta, PartStarted, Recovered};
use crate::v1::part::Content;
use crate::v1::part_delta::Delta;
use crate::v1::{
    ChatEvent, ChatRequest, ChatResponse, Citation, FinishReason, Media, Message, Part, ProviderToolCall, Role,
    ToolCall, ToolResult,
};

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
        Self { content: Some(content), ..Self::default() }
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
        let texts = self.parts().filter_map(|part| match &part.content {
            Some(Content::Text(text)) => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    /// The sources that the text rests on, in the order in which they are first cited. Citations of one address, or of
    /// one page of a file, are one source.
    pub fn sources(&self) -> Vec<&Citation> {
        let mut seen = HashSet::new();
        let citations = self.parts().flat_map(|part| &part.citations);
        citations.filter(|citation| seen.insert(source(citation))).collect()
    }

    /// Whether the model goes on only when the conversation is sent again with the answer's message at its end: it asks for
    /// tools, and the results of its [`tool_calls`](Self::tool_calls) come after the message, or the provider paused a
    /// long turn, and nothing comes after it.
    pub fn must_continue(&self) -> bool {
        matches!(self.finish_reason(), FinishReason::ToolCalls | FinishReason::Paused)
    }

    /// The tools that the model wants to be run.
    pub fn tool_calls(&self) -> impl Iterator<Item = &ToolCall> {
        self.parts().filter_map(|part| match &part.content {
            Some(Content::ToolCall(call)) => Some(call),
            _ => None,
        })
    }

    /// The tools that the provider ran itself, such as a web search. They need no answer.
    pub fn provider_tool_calls(&self) -> impl Iterator<Item = &ProviderToolCall> {
        self.parts().filter_map(|part| match &part.content {
            Some(Content::ProviderToolCall(call)) => Some(call),
            _ => None,
        })
    }

    /// The pictures and the speech in the answer.
    pub fn media(&self) -> impl Iterator<Item = &Media> {
        self.parts().filter_map(|part| match &part.content {
            Some(Content::Media(media)) => Some(media),
            _ => None,
        })
    }

    fn parts(&self) -> impl Iterator<Item = &Part> {
        self.message.iter().flat_map(|message| &message.parts)
    }
}

/// What tells sources apart.
fn source(citation: &Citation) -> (&str, &str, i32) {
    match citation.uri.as_str() {
        "" => ("", &citation.filename, citation.page_number),
        uri => (uri, "", 0),
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
